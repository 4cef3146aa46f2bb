// A canvas that shows a picture to zoom and to move, by mouse, touch and keyboard.

export class View {
  /**
   * @param {HTMLCanvasElement} canvas fills its parent
   * @param {(context: CanvasRenderingContext2D, view: View) => void} draw draws in pixels of the picture
   */
  constructor(canvas, draw) {
    this.canvas = canvas
    this.draw = draw
    this.scale = 1
    this.x = this.y = 0
    this.width = this.height = 0
    this.pointers = new Map()
    /** Told after every change of what is in view. */
    this.changed = () => {}
    /** Told where the pointer is, in pixels of the picture. */
    this.pointed = () => {}
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement)
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault()
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), ...this.#place(event))
    }, { passive: false })
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId)
      this.pointers.set(event.pointerId, this.#place(event))
    })
    canvas.addEventListener("pointermove", (event) => this.#move(event))
    for (const type of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(type, (event) => this.pointers.delete(event.pointerId))
    }
    canvas.addEventListener("dblclick", (event) => this.zoom(2, ...this.#place(event)))
    canvas.tabIndex = 0
    canvas.addEventListener("keydown", (event) => this.#key(event))
  }

  /** Begins with a picture of this size, all in view. */
  show(width, height) {
    [this.width, this.height] = [width, height]
    this.fit()
  }

  get size() { return [this.canvas.clientWidth, this.canvas.clientHeight] }

  fit() {
    const [w, h] = this.size
    this.scale = Math.min(w / this.width, h / this.height, 1) || 1
    this.x = this.width / 2 - w / 2 / this.scale
    this.y = this.height / 2 - h / 2 / this.scale
    this.#update()
  }

  /** Shows a pixel of the picture as so many of the screen, the middle staying. */
  actual(scale = 1 / devicePixelRatio) {
    const [w, h] = this.size
    this.zoom(scale / this.scale, w / 2, h / 2)
  }

  zoom(factor, px, py) {
    const [w, h] = this.size
    const least = Math.min(w / this.width, h / this.height, 1) / 2
    const scale = Math.min(64, Math.max(least, this.scale * factor))
    this.x += px / this.scale - px / scale
    this.y += py / this.scale - py / scale
    this.scale = scale
    this.#update()
  }

  pan(dx, dy) {
    this.x += dx / this.scale
    this.y += dy / this.scale
    this.#update()
  }

  /** What is in view, whole pixels of the picture. */
  get visible() {
    const [w, h] = this.size
    const left = Math.max(0, Math.floor(this.x)), top = Math.max(0, Math.floor(this.y))
    return {
      x: left, y: top, width: Math.max(0, Math.min(this.width, Math.ceil(this.x + w / this.scale)) - left),
      height: Math.max(0, Math.min(this.height, Math.ceil(this.y + h / this.scale)) - top),
    }
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined
      const context = this.canvas.getContext("2d")
      const ratio = devicePixelRatio
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, this.canvas.width, this.canvas.height)
      if (!this.width) return
      const scale = this.scale * ratio
      context.setTransform(scale, 0, 0, scale, -this.x * scale, -this.y * scale)
      context.imageSmoothingEnabled = scale < 2
      context.imageSmoothingQuality = "high"
      this.draw(context, this)
    })
  }

  #update() {
    const [w, h] = this.size
    // The middle of the screen stays on the picture.
    this.x = Math.min(this.width, Math.max(0, this.x + w / 2 / this.scale)) - w / 2 / this.scale
    this.y = Math.min(this.height, Math.max(0, this.y + h / 2 / this.scale)) - h / 2 / this.scale
    this.redraw()
    this.changed()
  }

  #resize() {
    const { clientWidth, clientHeight } = this.canvas.parentElement
    this.canvas.width = Math.round(clientWidth * devicePixelRatio)
    this.canvas.height = Math.round(clientHeight * devicePixelRatio)
    if (this.width) this.#update()
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  #move(event) {
    const now = this.#place(event)
    this.pointed(Math.floor(this.x + now[0] / this.scale), Math.floor(this.y + now[1] / this.scale))
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1]
    this.pointers.set(event.pointerId, now)
    if (!other) return this.pan(before[0] - now[0], before[1] - now[1])
    const distance = (a, b) => Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]))
    this.pan((before[0] - now[0]) / 2, (before[1] - now[1]) / 2)
    this.zoom(distance(now, other) / distance(before, other), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2)
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const [w, h] = this.size
    const actions = {
      ArrowLeft: () => this.pan(-w / 8, 0), ArrowRight: () => this.pan(w / 8, 0),
      ArrowUp: () => this.pan(0, -h / 8), ArrowDown: () => this.pan(0, h / 8),
      "+": () => this.zoom(1.5, w / 2, h / 2), "=": () => this.zoom(1.5, w / 2, h / 2),
      "-": () => this.zoom(1 / 1.5, w / 2, h / 2), 0: () => this.fit(), 1: () => this.actual(),
    }
    if (!actions[event.key]) return
    event.preventDefault()
    actions[event.key]()
  }
}
