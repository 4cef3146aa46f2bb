/** Pixels from the left and from the top, all whole numbers. */
export interface Region { x: number; y: number; width: number; height: number }

export interface DecodeOptions {
  /** Only this part of the picture; pixels are those of the whole, to the last bit. */
  region?: Region
  /** Above 0 to 1: how large the result is beside what was decoded. */
  scale?: number
  /** Ends decoding early. */
  signal?: AbortSignal
  /** Decodes what can be decoded of a damaged file. */
  recover?: boolean
  /** With `recover`: uses the bits of damaged tiles, which is better where single bits are wrong. */
  useDamagedBits?: boolean
  /** Larger pictures are refused; 2^27 unless said otherwise. */
  maxPixels?: number
}

/** What a file says of itself. */
export interface Info {
  width: number
  height: number
  colorType: "rgb" | "grey"
  /** The model that the file needs, 16 hexadecimal digits: zeros for none. */
  model: string
  stateBits: number
  seed: string
  /** Pixels along a tile's side. */
  tileSize: number
  tiles: number
  order: "tiles" | "phases"
  /** Positions of 16 x 16 pixels. */
  columns: number
  rows: number
  /** `rows * columns` levels, row by row. */
  levels: Uint8Array
  /** Bits that a position sends at each level. */
  levelBits: number[]
  levelMapBytes: number
  codeBytes: number
  fileBytes: number
  hasHeadCopy: boolean
  /** What is wrong beside the codes; 0 unless `recover` was asked for. */
  problems: number
  chunks: { type: string; bytes: number }[]
}

export type Source = Uint8Array | ArrayBuffer | Blob | Response

export type ErrorCode =
  | "invalid-argument" | "no-model" | "model-failure" | "damaged" | "wrong-model" | "limit-exceeded" | "out-of-memory"
  | "not-found" | "unsupported" | "failure"

export class GQZError extends Error { readonly code: ErrorCode }

/** Whether bytes begin as a `.gqz` file does. */
export function isGQZ(bytes: Uint8Array): boolean
export function decode(source: Source, options?: DecodeOptions): Promise<ImageData>
export function decodeDetailed(source: Source, options?: DecodeOptions): Promise<{
  image: ImageData
  info: Info
  hasAlpha: boolean
  /** The ICC profile that tells which colours the samples mean; sRGB without one. */
  profile: Uint8Array | null
  /** `rows * columns` bytes, 1 where graphics without loss is shown; null without any. */
  graphics: Uint8Array | null
  /** With `recover`: damaged tiles as [x, y, width, height], and how many other parts are damaged is `info.problems`. */
  damage?: [number, number, number, number][]
}>
/** What `decodeDetailed` gave in the colours that its profile means, to be drawn. */
export function bitmap(found: { image: ImageData; hasAlpha: boolean; profile: Uint8Array | null }): Promise<ImageBitmap>
export function inspect(source: Source, options?: { recover?: boolean }): Promise<Info>

/** The small picture of at most 256 pixels that `compress --preview` stores, or null. */
export function preview(source: Source, options?: { signal?: AbortSignal }): Promise<ImageData | null>

/** `workers`: at most so many threads, as many as cores (8 at most) unless set. */
export const settings: { workers: number }

/** A picture on a server that answers range requests: only what regions depend on is fetched. */
export class RemotePicture {
  static open(url: string, options?: { signal?: AbortSignal }): Promise<RemotePicture>
  /** What the file says of itself, without levels. */
  readonly info: Info
  /** The same with the level of every position, for which the level map is fetched. */
  levels(options?: { signal?: AbortSignal }): Promise<Info>
  /** Bytes fetched so far. */
  readonly fetched: number
  /** Bytes of the whole file. */
  readonly total: number
  /** The small picture that the file holds, or null. */
  preview(options?: { signal?: AbortSignal }): Promise<ImageData | null>
  decode(region: Region, options?: { signal?: AbortSignal }): Promise<ImageData>
}

/** `<gqz-image src alt>`; events `load` and `error`. */
export class GQZImage extends HTMLElement { complete: boolean }

export const GQZ: {
  decode: typeof decode
  decodeDetailed: typeof decodeDetailed
  bitmap: typeof bitmap
  inspect: typeof inspect
  preview: typeof preview
  settings: typeof settings
  RemotePicture: typeof RemotePicture
  install(options?: { url?: string | URL; scope?: string }): Promise<void>
}
