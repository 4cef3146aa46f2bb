// .gqz pictures in the browser: decode(bytes) -> ImageData, inspect(bytes), GQZ.install(), <gqz-image>. No dependencies.
import { Core, GQZError, NO_MODEL, fetchModel, hasProfile, pictureFile } from "./core.js"

export { GQZError, isGQZ } from "./core.js"

const base = new URL(".", import.meta.url)
/** Pictures are divided among workers where each gets at least so many pixels along the longer side. */
const SHARE = 448

let compiled
const models = new Map()

function module() {
  compiled ??= Core.compile(new URL("gqdecode.wasm", base)).catch((error) => {
    compiled = undefined
    throw error
  })
  return compiled
}

/** A model's weights, fetched once for all workers. */
function weights(id) {
  if (!models.has(id)) {
    models.set(id, fetchModel(id, base).catch((error) => {
      models.delete(id)
      throw error
    }))
  }
  return models.get(id)
}

/** A thread with a decoder of its own. Jobs run one after the other; one that is aborted ends the thread. */
class Thread {
  jobs = new Map()
  known = new Set()
  next = 0

  async #begin() {
    this.worker = new Worker(new URL("worker.js", base), { type: "module" })
    this.worker.onmessage = ({ data }) => {
      const job = this.jobs.get(data.id)
      this.jobs.delete(data.id)
      if (data.error) job?.reject(new GQZError(data.error.code, data.error.message))
      else job?.resolve(data.result)
    }
    this.worker.onerror = (event) => this.#end(new GQZError("failure", event.message ?? "the worker stopped"))
    await this.#post("start", [await module()])
  }

  #end(error) {
    this.worker?.terminate()
    this.worker = this.started = undefined
    this.known.clear()
    for (const job of this.jobs.values()) job.reject(error)
    this.jobs.clear()
  }

  #post(call, args) {
    return new Promise((resolve, reject) => {
      const id = this.next++
      this.jobs.set(id, { resolve, reject })
      this.worker.postMessage({ id, call, args })
    })
  }

  async #run(call, args, model, signal) {
    signal?.throwIfAborted()
    this.started ??= this.#begin()
    try {
      await this.started
    } catch (error) {
      this.started = undefined
      throw error
    }
    if (model && model !== NO_MODEL && !this.known.has(model)) {
      const bytes = await weights(model)
      await this.#post("addModel", [model, bytes])
      this.known.add(model)
    }
    signal?.throwIfAborted()
    const abort = () => this.#end(signal.reason)
    signal?.addEventListener("abort", abort, { once: true })
    try {
      return await this.#post(call, args)
    } finally {
      signal?.removeEventListener("abort", abort)
    }
  }

  queue = Promise.resolve()
  waiting = 0

  call(call, args, { model, signal } = {}) {
    this.waiting++
    const result = this.queue.then(() => this.#run(call, args, model, signal)).finally(() => this.waiting--)
    this.queue = result.catch(() => {})
    return result
  }
}

const threads = []

/** At most so many workers at a time. */
export const settings = { workers: Math.max(1, Math.min(navigator.hardwareConcurrency || 2, 8)) }

/** The thread with the least to do; a new one while there may be more. */
function thread() {
  const free = threads.find((thread) => thread.waiting === 0)
  if (free) return free
  if (threads.length < settings.workers) threads.push(new Thread())
  else return threads.slice(0, settings.workers).reduce((a, b) => (b.waiting < a.waiting ? b : a))
  return threads.at(-1)
}

async function bytesOf(source) {
  if (source instanceof Uint8Array) return source
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer())
  if (source instanceof Response) return new Uint8Array(await source.arrayBuffer())
  throw new GQZError("invalid-argument", "expected a Uint8Array, an ArrayBuffer, a Blob or a Response")
}

/** What a file says of itself; needs no weights. */
export async function inspect(source, { recover = false } = {}) {
  return thread().call("inspect", [await bytesOf(source), { recover }])
}

/** The same of a file of which only what stands before and between its parts need be there: without levels. */
async function inspectIndices(bytes) {
  return thread().call("inspect", [bytes, { indicesAlone: true }])
}

/** The small picture that a file holds for the first look, or null. */
export async function preview(source, { signal } = {}) {
  const bytes = await thread().call("preview", [await bytesOf(source)])
  return bytes && decode(bytes, { signal })
}

/** Regions that several workers decode, of a picture or a region of one. */
function shares({ x, y, width, height }) {
  const long = Math.max(width, height)
  const count = Math.max(1, Math.min(settings.workers, Math.floor(long / SHARE)))
  const cut = (k) => k === count ? long : Math.round(long * k / count / 16) * 16
  return Array.from({ length: count }, (_, k) => width >= height
    ? { x: x + cut(k), y, width: cut(k + 1) - cut(k), height }
    : { x, y: y + cut(k), width, height: cut(k + 1) - cut(k) })
}

/**
 * Decodes a file: see gqz.d.ts.
 */
export async function decode(source, options = {}) {
  const picture = await decodeDetailed(source, options)
  return picture.image
}

/** The same with what was found beside the pixels: {image, info, hasAlpha, profile, graphics, damage}. */
export async function decodeDetailed(source, options = {}) {
  const { region, scale = 1, signal, recover = false, useDamagedBits = false, maxPixels = 1 << 27 } = options
  if (!(scale > 0 && scale <= 1)) throw new GQZError("invalid-argument", `scale is ${scale}, expected above 0 to 1`)
  const bytes = await bytesOf(source)
  const info = options.info ?? await inspect(bytes, { recover })
  const all = { x: 0, y: 0, width: info.width, height: info.height }
  const wanted = region ?? all
  const inside = [wanted.x, wanted.y, wanted.width, wanted.height].every(Number.isInteger)
    && wanted.x >= 0 && wanted.y >= 0 && wanted.width > 0 && wanted.height > 0
    && wanted.x + wanted.width <= info.width && wanted.y + wanted.height <= info.height
  if (!inside) {
    throw new GQZError("invalid-argument",
      `region ${JSON.stringify(wanted)} is not in a picture of ${info.width} x ${info.height}`)
  }
  if (wanted.width * wanted.height > maxPixels) {
    throw new GQZError("limit-exceeded", `${wanted.width} x ${wanted.height} pixels, at most ${maxPixels} are decoded`)
  }
  const call = (options) => thread().call("decode", [bytes, info.model, { maxPixels, ...options }],
    { model: info.model, signal })
  const profile = hasProfile(info) ? await thread().call("profile", [bytes, info, { recover }]) : null
  let image, hasAlpha, graphics, damage
  if (recover) {
    const found = await call({ recover, useDamagedBits })
    image = new ImageData(found.rgba, found.width, found.height)
    ;({ hasAlpha, graphics, damage } = found)
    if (region) {
      const part = new ImageData(wanted.width, wanted.height)
      copy(image, { x: -wanted.x, y: -wanted.y }, part)
      image = part
    }
  } else {
    const parts = shares(wanted)
    const found = await Promise.all(parts.map((part) =>
      call({ region: parts.length === 1 && !region ? undefined : part })))
    ;({ hasAlpha, graphics } = found[0])
    if (parts.length === 1) {
      image = new ImageData(found[0].rgba, found[0].width, found[0].height)
    } else {
      image = new ImageData(wanted.width, wanted.height)
      found.forEach((part, k) =>
        copy({ data: part.rgba, ...parts[k] }, { x: parts[k].x - wanted.x, y: parts[k].y - wanted.y }, image))
    }
  }
  return { image: scale < 1 ? reduced(image, scale) : image, info, hasAlpha, profile, graphics, damage }
}

/** What `decodeDetailed` gave as a bitmap in the colours that its ICC profile means. */
export async function bitmap({ image, hasAlpha, profile }) {
  const { width, height, data: rgba } = image
  return createImageBitmap(profile ? await pictureFile({ width, height, rgba, hasAlpha, profile }) : image)
}

/** Copies what of `from`, at `place` in `to`, is inside `to`. */
function copy(from, place, to) {
  const first = Math.max(0, place.x), end = Math.min(to.width, place.x + from.width)
  for (let y = Math.max(0, place.y); y < Math.min(to.height, place.y + from.height); y++) {
    const start = ((y - place.y) * from.width + first - place.x) * 4
    to.data.set(from.data.subarray(start, start + (end - first) * 4), (y * to.width + first) * 4)
  }
}

function reduced(image, scale) {
  const width = Math.max(1, Math.round(image.width * scale)), height = Math.max(1, Math.round(image.height * scale))
  const full = new OffscreenCanvas(image.width, image.height)
  full.getContext("2d").putImageData(image, 0, 0)
  const context = new OffscreenCanvas(width, height).getContext("2d")
  context.imageSmoothingQuality = "high"
  context.drawImage(full, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}

/** Bytes that the first request asks for. */
const FIRST = 16384
/** Indices are fetched with at least so many bytes: one request more costs more. */
const INDEX = 4096

/** A picture on a server that answers range requests: only the bytes that regions depend on are fetched. */
export class RemotePicture {
  /** Bytes fetched so far. */
  fetched = 0
  #held = []

  /** Reads what stands before and between the parts: metadata and indices. */
  static async open(url, { signal } = {}) {
    const picture = new RemotePicture()
    picture.url = url
    await picture.#readHead(signal)
    picture.info = await inspectIndices(picture.bytes)
    return picture
  }

  async #fetch(first, end, signal) {
    const response = await fetch(this.url, { headers: { Range: `bytes=${first}-${end - 1}` }, signal, cache: "no-store" })
    if (!response.ok) throw new GQZError("not-found", `${this.url}: ${response.status} ${response.statusText}`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    this.fetched += bytes.length
    if (response.status === 206) {
      this.total ??= Number(response.headers.get("Content-Range")?.split("/")[1])
      if (!Number.isSafeInteger(this.total)) throw new GQZError("failure", "the server does not tell the file's length")
      this.bytes ??= new Uint8Array(this.total)
      this.bytes.set(bytes, first)
      this.#held.push([first, first + bytes.length])
    } else {
      // A server without ranges has sent everything.
      this.total = bytes.length
      this.bytes = bytes
      this.#held = [[0, bytes.length]]
    }
  }

  /** Fetches what is missing of a range, and at least so many bytes where any is. */
  async #need(first, end, { least = 0, signal } = {}) {
    for (const [from, to] of this.#missing(first, Math.min(end, this.total))) {
      await this.#fetch(from, Math.min(Math.max(to, from + least), this.total), signal)
    }
  }

  async #readHead(signal) {
    await this.#fetch(0, FIRST, signal)
    const number = async (place) => {
      await this.#need(place, place + 9, { least: INDEX, signal })
      let value = 0, factor = 1
      for (let k = 0; k < 8; k++) {
        const byte = this.bytes[place + k]
        if (byte === undefined) break
        value += (byte & 127) * factor
        if (byte < 128) return [value, place + k + 1]
        factor *= 128
      }
      throw new GQZError("damaged", `the length at byte ${place} has no end`)
    }
    // Signature, version, header with its checksum; then chunks up to the codes.
    const [length, header] = await number(9)
    const [width, afterWidth] = await number(header)
    const [height, afterHeight] = await number(afterWidth)
    const side = 16 * Math.max(64, 2 ** (this.bytes[afterHeight] >> 4))
    const isDivided = width > side || height > side
    let place = header + length + 4
    for (;;) {
      await this.#need(place, place + 12, { least: INDEX, signal })
      if (place >= this.total) throw new GQZError("damaged", "the file has no codes")
      const type = String.fromCharCode(this.bytes[place])
      const [size, start] = await number(place + 1)
      const isCodes = type === "I" || type === "P"
      // These have their checksums inside.
      const end = start + size + (isCodes || type === "G" || type === "L" && isDivided ? 0 : 4)
      if (end > this.total) throw new GQZError("damaged", `a chunk at byte ${place} is longer than the file`)
      if (isDivided && "LGIP".includes(type)) {
        const [index, from] = await number(start)
        await this.#need(from, Math.min(from + index + 4, end), { least: INDEX, signal })
      } else if (!isCodes) {
        await this.#need(place, end, { signal })
      }
      if (type === "L") this.levelMap = [place, end]
      place = end
      if (isCodes) break
    }
    await this.#need(place, this.total, { signal })
  }

  /** The small picture that the file holds, or null: nothing more is fetched. */
  preview({ signal } = {}) { return preview(this.bytes, { signal }) }

  /** `info` with the level of every position; fetches the level map. */
  async levels({ signal } = {}) {
    await this.#need(...this.levelMap, { signal })
    return inspect(this.bytes)
  }

  /** Decodes a region; fetches what is not there yet. */
  async decode(region, { signal } = {}) {
    await this.#fetchPart(region, false, signal)
    await this.#fetchPart(region, true, signal)
    return decode(this.bytes, { region, signal, info: this.info })
  }

  /** Fetches what a region depends on: of level map and graphics or, once those are there, of codes. */
  async #fetchPart(region, codes, signal) {
    const ranges = await thread().call("ranges", [this.bytes, this.info.model, region, codes], { model: this.info.model, signal })
    const missing = ranges.flatMap(([first, count]) => this.#missing(first, first + count))
    // One request for what is close together: a request costs more than a few kilobytes.
    const joined = []
    for (const [first, end] of missing) {
      const last = joined.at(-1)
      if (last && first >= last[0] && first - last[1] < 1024) last[1] = Math.max(last[1], end)
      else joined.push([first, end])
    }
    await Promise.all(joined.map(([first, end]) => this.#fetch(first, end, signal)))
  }

  /** The parts of a range that are not held. */
  #missing(first, end) {
    let parts = [[first, end]]
    for (const [from, to] of this.#held) {
      parts = parts.flatMap(([a, b]) =>
        [[a, Math.min(b, from)], [Math.max(a, to), b]].filter(([p, q]) => p < q))
    }
    return parts
  }
}

/** `<gqz-image src="photo.gqz" alt="...">`, for pages that cannot have a service worker. */
export class GQZImage extends HTMLElement {
  static observedAttributes = ["src", "alt"]
  #canvas = document.createElement("canvas")
  #running

  constructor() {
    super()
    const style = document.createElement("style")
    style.textContent = ":host { display: inline-block } canvas { display: block; width: 100%; height: auto }"
    this.attachShadow({ mode: "open" }).append(style, this.#canvas)
    this.#canvas.setAttribute("role", "img")
    this.#canvas.width = this.#canvas.height = 0
  }

  attributeChangedCallback(name, before, after) {
    if (before === after) return
    if (name === "alt") this.#canvas.setAttribute("aria-label", after ?? "")
    else this.#load(after)
  }

  async #load(src) {
    this.#running?.abort()
    this.complete = false
    if (!src) return
    const running = this.#running = new AbortController()
    try {
      const response = await fetch(new URL(src, document.baseURI), { signal: running.signal })
      if (!response.ok) throw new GQZError("not-found", `${src}: ${response.status} ${response.statusText}`)
      const found = await bitmap(await decodeDetailed(response, { signal: running.signal }))
      if (running.signal.aborted) return
      this.#canvas.width = found.width
      this.#canvas.height = found.height
      this.#canvas.getContext("2d").drawImage(found, 0, 0)
      this.complete = true
      this.dispatchEvent(new Event("load"))
    } catch (error) {
      if (running.signal.aborted) return
      this.dispatchEvent(new ErrorEvent("error", { error, message: error.message }))
    }
  }
}

if (!customElements.get("gqz-image")) customElements.define("gqz-image", GQZImage)

export const GQZ = {
  decode, decodeDetailed, bitmap, inspect, preview, settings, RemotePicture,

  /**
   * Starts the service worker, after which `<img src="photo.gqz">` works on the pages below `scope`. Resolves when it answers
   * for this page. The script must be served from the page's own origin, at or above `scope`.
   */
  async install({ url = new URL("sw.js", base), scope } = {}) {
    if (!navigator.serviceWorker) throw new GQZError("unsupported", "service workers need HTTPS, or localhost")
    await navigator.serviceWorker.register(url, { type: "module", ...(scope ? { scope } : {}) })
    await navigator.serviceWorker.ready
    if (navigator.serviceWorker.controller) return
    await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }))
  },
}
