// Decodes a file with the WebAssembly decoder: node decode.mjs gqdecode.wasm MODEL FILE > samples [x,y,width,height]
// The samples, then alpha if there is any, as bytes; a line on standard error says what they are.
import { readFileSync, writeSync } from "node:fs"

const [wasm, model, file, region] = process.argv.slice(2)
const { instance } = await WebAssembly.instantiate(readFileSync(wasm), {})
const core = instance.exports

function told() {
  const bytes = new Uint8Array(core.memory.buffer, core.gqd_message(), core.gqd_message_count())
  return new TextDecoder().decode(bytes)
}

function withBytes(path, use) {
  const bytes = readFileSync(path)
  const place = core.gqd_allocate(bytes.length)
  new Uint8Array(core.memory.buffer, place, bytes.length).set(bytes)
  const result = use(place, bytes.length)
  core.gqd_free(place)
  if (result < 0) {
    console.error(told())
    process.exit(1)
  }
  return result
}

function write(place, count) {
  const bytes = new Uint8Array(core.memory.buffer, place, count)
  for (let done = 0; done < count;) done += writeSync(1, bytes, done, count - done)
}

const network = withBytes(model, (place, count) => core.gqd_load_model(place, count, 0))
const [x, y, width, height] = region ? region.split(",").map(Number) : [0, 0, 0, 0]
const start = performance.now()
const picture = withBytes(file, (place, count) => core.gqd_open(network, place, count, x, y, width, height))
const numbers = core.gqd_allocate(16)
core.gqd_describe(picture, numbers)
const described = Array.from(new Int32Array(core.memory.buffer, numbers, 4))
let samples = 0
for (;;) {
  const count = core.gqd_next(picture)
  if (count < 0) {
    console.error(told())
    process.exit(1)
  }
  if (count === 0) break
  samples += count
  write(core.gqd_samples(picture), count)
}
if (described[3]) write(core.gqd_alpha(picture), described[0] * described[1])
const seconds = (performance.now() - start) / 1000
console.error(
  `${described[0]}x${described[1]}, ${described[2]} samples a pixel, ` +
    `${((described[0] * described[1]) / 1e6 / seconds).toFixed(3)} megapixels/s`)
