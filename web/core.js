// The decoder in WebAssembly: one thread, no page. Used by workers and by the service worker.

/** What went wrong, `code` saying of which kind: one of `GQZError.codes`. */
export class GQZError extends Error {
  static codes = {
    "-1": "invalid-argument", "-3": "model-failure", "-4": "damaged", "-5": "wrong-model", "-7": "limit-exceeded",
  }
  constructor(code, message) {
    super(message)
    this.name = "GQZError"
    this.code = code
  }
}

const SIGNATURE = [0x8b, 0x47, 0x51, 0x5a, 0x0d, 0x0a, 0x1a, 0x0a]

/** The model of files that need none: all of their picture is graphics. */
export const NO_MODEL = "0".repeat(16)

export function isGQZ(bytes) {
  return bytes.length >= 8 && SIGNATURE.every((byte, k) => bytes[k] === byte)
}

/** Whether a file of which `inspect` gave `info` has an ICC profile: chunk `i`. */
export function hasProfile(info) {
  return info.chunks.some(({ type }) => type === "i")
}

export class Core {
  /** Fetches and compiles the module; the same code may serve many instances. */
  static async compile(url) {
    const response = await fetch(url)
    if (!response.ok) throw new GQZError("not-found", `${url}: ${response.status} ${response.statusText}`)
    return WebAssembly.compile(await response.arrayBuffer())
  }

  constructor(module) {
    this.module = module
    this.weights = new Map()
    this.#start()
  }

  #start() {
    this.calls = new WebAssembly.Instance(this.module, {}).exports
    this.handles = new Map()
  }

  /** Runs `body`; a trap ends this instance alone, and the next call has a new one. */
  #guarded(body) {
    try {
      return body()
    } catch (error) {
      if (error instanceof GQZError) throw error
      this.#start()
      throw new GQZError(error instanceof RangeError ? "out-of-memory" : "failure", `the decoder stopped: ${error.message}`)
    }
  }

  #text() {
    return new TextDecoder().decode(
      new Uint8Array(this.calls.memory.buffer, this.calls.gqd_message(), this.calls.gqd_message_count()))
  }

  #checked(result) {
    if (result < 0) throw new GQZError(GQZError.codes[result] ?? "failure", this.#text())
    return result
  }

  #with(bytes, use) {
    const place = this.calls.gqd_allocate(Math.max(1, bytes.length))
    try {
      new Uint8Array(this.calls.memory.buffer, place, bytes.length).set(bytes)
      return use(place, bytes.length)
    } finally {
      this.calls.gqd_free(place)
    }
  }

  #payload() {
    return new Uint8Array(this.calls.memory.buffer, this.calls.gqd_payload(), this.calls.gqd_payload_count()).slice()
  }

  /**
   * What a file says of itself, and the level of every position; needs no model. With `indicesAlone` no levels: then blocks of the
   * level map, units of graphics and codes need not be there.
   */
  inspect(bytes, { recover = false, indicesAlone = false } = {}) {
    return this.#guarded(() => {
      this.#checked(this.#with(bytes, (place, count) =>
        this.calls.gqd_inspect(place, count, recover ? 1 : 0, indicesAlone ? 1 : 0)))
      const info = JSON.parse(this.#text())
      info.model = info.modelBytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")
      delete info.modelBytes
      info.levels = this.#payload()
      return info
    })
  }

  /** Units of graphics that are VP8L, which the browser decodes, and which positions show graphics. */
  #graphics(bytes, recover, { x, y, width, height }) {
    return this.#guarded(() => {
      this.#checked(this.#with(bytes, (place, count) =>
        this.calls.gqd_graphics(place, count, recover ? 1 : 0, x, y, width, height)))
      const mask = this.#payload()
      return mask.length ? { units: JSON.parse(this.#text()), mask } : null
    })
  }

  /** The ICC profile of a file of which `inspect` gave `info`, or null. */
  profile(bytes, info, { recover = false } = {}) {
    if (!hasProfile(info)) return null
    return this.#guarded(() => {
      const count = this.#checked(this.#with(bytes, (place, count) => this.calls.gqd_profile(place, count, recover ? 1 : 0)))
      return count ? this.#payload() : null
    })
  }

  /**
   * Decodes a file, or a region of it, into `{width, height, rgba, graphics, damage?}`: what the module makes of it, then
   * graphics that is VP8L over it. `graphics` has a byte for every position, or is null.
   */
  async decode(bytes, id, options = {}) {
    const { region = { x: 0, y: 0, width: 0, height: 0 }, recover = false } = options
    const found = this.#network(bytes, id, options)
    const graphics = this.#graphics(bytes, recover, region)
    found.graphics = graphics?.mask ?? null
    if (!graphics) return found
    const columns = Math.ceil(this.inspect(bytes, { recover, indicesAlone: !recover }).width / 16)
    for (const [x, y, width, height, first, count] of graphics.units) {
      const left = Math.max(x, region.x), right = Math.min(x + width, region.x + found.width)
      const top = Math.max(y, region.y), bottom = Math.min(y + height, region.y + found.height)
      if (left >= right || top >= bottom) continue
      let pixels
      try {
        pixels = await lossless(bytes.subarray(first, first + count), width, height)
      } catch (error) {
        if (recover) continue
        throw new GQZError("damaged", `graphics at ${x}, ${y}: ${error.message}`)
      }
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right;) {
          const end = Math.min(right, (column >> 4) * 16 + 16)
          if (graphics.mask[(row >> 4) * columns + (column >> 4)]) {
            for (; column < end; column++) {
              const from = ((row - y) * width + column - x) * 4, to = ((row - region.y) * found.width + column - region.x) * 4
              for (let k = 0; k < 3; k++) found.rgba[to + k] = pixels[from + k]
            }
          }
          column = end
        }
      }
    }
    return found
  }

  /** The file of the small picture that a file holds, or null. */
  preview(bytes) {
    return this.#guarded(() => {
      const count = this.#checked(this.#with(bytes, (place, count) => this.calls.gqd_preview(place, count)))
      return count ? this.#payload() : null
    })
  }

  /** Weights that files of this model id may use. */
  addModel(id, bytes) { this.weights.set(id, bytes) }

  hasModel(id) { return id === NO_MODEL || this.weights.has(id) }

  #model(id) {
    if (id === NO_MODEL) return -1
    if (this.handles.has(id)) return this.handles.get(id)
    const weights = this.weights.get(id)
    if (!weights) throw new GQZError("no-model", `there are no weights of model ${id}`)
    // An instance holds one model at a time.
    for (const handle of this.handles.values()) this.calls.gqd_close_model(handle)
    this.handles.clear()
    const name = Uint8Array.from(id.match(/../g), (pair) => parseInt(pair, 16))
    const handle = this.#checked(this.#with(name, (place) =>
      this.#with(weights, (start, count) => this.calls.gqd_load_model(start, count, place))))
    this.handles.set(id, handle)
    return handle
  }

  /** Byte ranges [first, count] that a region depends on: of level map and graphics or, once those are there, of codes. */
  ranges(bytes, id, { x, y, width, height }, codes) {
    return this.#guarded(() => {
      const model = this.#model(id)
      this.#checked(this.#with(bytes, (place, count) =>
        this.calls.gqd_ranges(model, place, count, x, y, width, height, codes ? 1 : 0)))
      const numbers = new Uint32Array(this.#payload().buffer)
      return Array.from({ length: numbers.length / 2 }, (_, k) => [numbers[2 * k], numbers[2 * k + 1]])
    })
  }

  /**
   * What the network makes of a file, or of a region of it.
   * @param {{region?: object, recover?: boolean, useDamagedBits?: boolean, maxPixels?: number}} options
   */
  #network(bytes, id, { region, recover = false, useDamagedBits = false, maxPixels = 1 << 27 } = {}) {
    return this.#guarded(() => {
      const { calls } = this
      const model = this.#model(id)
      const { x, y, width, height } = region ?? { x: 0, y: 0, width: 0, height: 0 }
      const handle = this.#checked(this.#with(bytes, (place, count) => recover
        ? calls.gqd_recover(model, place, count, useDamagedBits ? 1 : 0)
        : calls.gqd_open(model, place, count, x, y, width, height)))
      const found = recover ? JSON.parse(this.#text()) : {}
      try {
        const [w, h, samples, hasAlpha] = this.#with(new Uint8Array(16), (place) => {
          calls.gqd_describe(handle, place)
          return Array.from(new Int32Array(calls.memory.buffer, place, 4))
        })
        if (w * h > maxPixels) throw new GQZError("limit-exceeded", `${w} x ${h} pixels, at most ${maxPixels} are decoded`)
        const rgba = new Uint8ClampedArray(w * h * 4)
        const words = new Uint32Array(rgba.buffer)
        let done = 0
        for (;;) {
          const count = this.#checked(calls.gqd_next(handle))
          if (count === 0) break
          const source = new Uint8Array(calls.memory.buffer, calls.gqd_samples(handle), count)
          // Little-endian, as all browsers' machines are.
          if (samples === 3) {
            for (let k = 0; k < count; k += 3) {
              words[done++] = 0xff000000 | source[k + 2] << 16 | source[k + 1] << 8 | source[k]
            }
          } else {
            for (let k = 0; k < count; k++) words[done++] = 0xff000000 | source[k] * 0x10101
          }
        }
        if (hasAlpha) {
          const alpha = new Uint8Array(calls.memory.buffer, calls.gqd_alpha(handle), w * h)
          for (let k = 0; k < w * h; k++) rgba[4 * k + 3] = alpha[k]
        }
        return { width: w, height: h, rgba, hasAlpha: hasAlpha !== 0, ...found }
      } finally {
        calls.gqd_close(handle)
      }
    })
  }
}

/** RGBA of a VP8L bitstream, as the file that browsers know: WebP. */
async function lossless(bytes, width, height) {
  const padded = bytes.length + bytes.length % 2
  const file = new Uint8Array(20 + padded)
  const view = new DataView(file.buffer)
  file.set(new TextEncoder().encode("RIFF"), 0)
  view.setUint32(4, 12 + padded, true)
  file.set(new TextEncoder().encode("WEBPVP8L"), 8)
  view.setUint32(16, bytes.length, true)
  file.set(bytes, 20)
  const bitmap = await createImageBitmap(new Blob([file], { type: "image/webp" }),
    { colorSpaceConversion: "none", premultiplyAlpha: "none" })
  if (bitmap.width !== width || bitmap.height !== height) throw new Error(`${bitmap.width} x ${bitmap.height} pixels, expected ${width} x ${height}`)
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return context.getImageData(0, 0, width, height).data
}

/**
 * Weights of a model, `models/ID.safetensors.gz` beside the module: fetched once, then from the browser's own store.
 * @returns {Promise<Uint8Array>}
 */
export async function fetchModel(id, base) {
  const url = new URL(`models/${id}.safetensors.gz`, base).href
  // Not there on pages without HTTPS.
  const store = globalThis.caches ? await caches.open("gqz-models").catch(() => null) : null
  let response = await store?.match(url)
  if (!response) {
    response = await fetch(url)
    if (!response.ok) throw new GQZError("no-model", `no weights of model ${id}: ${url} is not there (${response.status})`)
    await store?.put(url, response.clone()).catch(() => {})
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  // Some servers unpack what ends in .gz, so the bytes tell.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** A picture as a file that every browser opens and which changes no sample: BMP, or PNG for one with an ICC profile. */
export async function pictureFile(picture) {
  return picture.profile
    ? new Blob([await pngFile(picture)], { type: "image/png" })
    : new Blob([bitmapFile(picture)], { type: "image/bmp" })
}

const CRC = Uint32Array.from({ length: 256 }, (_, k) => {
  for (let bit = 0; bit < 8; bit++) k = k & 1 ? 0xedb88320 ^ k >>> 1 : k >>> 1
  return k
})

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

async function pngFile({ width, height, rgba, profile }) {
  // The profile of a grey picture stands beside grey samples only.
  const isGrey = String.fromCharCode(...profile.subarray(16, 20)) === "GRAY"
  const length = 1 + width * (isGrey ? 2 : 4)
  const rows = new Uint8Array(height * length)
  for (let y = 0; y < height; y++) {
    const row = rgba.subarray(y * width * 4, (y + 1) * width * 4)
    if (!isGrey) rows.set(row, y * length + 1)
    else for (let x = 0; x < width; x++) rows.set([row[4 * x], row[4 * x + 3]], y * length + 1 + 2 * x)
  }
  const head = new DataView(new ArrayBuffer(13))
  head.setUint32(0, width)
  head.setUint32(4, height)
  head.setUint16(8, isGrey ? 0x0804 : 0x0806)
  const text = new TextEncoder()
  const parts = [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)]
  for (const [type, ...payload] of [
    ["IHDR", new Uint8Array(head.buffer)],
    ["iCCP", text.encode("ICC profile\0\0"), await deflated(profile)],
    ["IDAT", await deflated(rows)],
    ["IEND"],
  ]) {
    const body = [text.encode(type), ...payload]
    let crc = 0xffffffff
    for (const part of body) for (const byte of part) crc = CRC[(crc ^ byte) & 255] ^ crc >>> 8
    const frame = new DataView(new ArrayBuffer(8))
    frame.setUint32(0, body.reduce((sum, part) => sum + part.length, -4))
    frame.setUint32(4, ~crc >>> 0)
    parts.push(new Uint8Array(frame.buffer, 0, 4), ...body, new Uint8Array(frame.buffer, 4, 4))
  }
  return new Blob(parts).arrayBuffer()
}

function bitmapFile({ width, height, rgba, hasAlpha }) {
  const head = 14 + 108
  const file = new Uint8Array(head + width * height * 4)
  const view = new DataView(file.buffer)
  file.set([0x42, 0x4d])
  view.setUint32(2, file.length, true)
  view.setUint32(10, head, true)
  view.setUint32(14, 108, true)
  view.setInt32(18, width, true)
  view.setInt32(22, -height, true)
  view.setUint16(26, 1, true)
  view.setUint16(28, 32, true)
  view.setUint32(30, 3, true)
  view.setUint32(34, width * height * 4, true)
  view.setUint32(54, 0x000000ff, true)
  view.setUint32(58, 0x0000ff00, true)
  view.setUint32(62, 0x00ff0000, true)
  view.setUint32(66, hasAlpha ? 0xff000000 : 0, true)
  view.setUint32(70, 0x73524742, true)
  file.set(new Uint8Array(rgba.buffer, rgba.byteOffset, rgba.byteLength), head)
  return file
}
