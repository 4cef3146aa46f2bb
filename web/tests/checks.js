// What test_web.py has the browser try. Every check is told to the server at the end.
import { GQZ, GQZError, RemotePicture, settings } from "./gqz.js"

const checks = []
const check = (name, ok, detail = "") => checks.push({ name, ok: Boolean(ok), detail: String(detail) })
const bytesOf = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer())
const same = (a, b) => a.length === b.length && a.every((value, k) => value === b[k])
const log = async () => (await fetch("/log")).json()

async function refusal(promise) {
  try {
    await promise
    return "nothing"
  } catch (error) {
    return error instanceof GQZError && error.message ? error.code : `${error}`
  }
}

async function pixels(list) {
  let count = 0
  for (const file of list) {
    if (file.remote || file.preview) continue
    const expected = await bytesOf(`files/${file.name}.rgba`)
    const data = await bytesOf(`files/${file.name}.gqz`)
    for (const workers of [1, 2]) {
      settings.workers = workers
      const found = await GQZ.decodeDetailed(data, {
        region: file.region ?? undefined, recover: file.recover, useDamagedBits: file.useDamagedBits,
      })
      check(`pixels of ${file.name}, ${workers} workers`,
        found.image.width === file.width && found.image.height === file.height && same(found.image.data, expected))
      if (file.recover) check(`${file.name} has damage`, found.damage.length > 0, found.damage.length)
    }
    count++
  }
  check("at least 20 files", count >= 20, count)
}

async function split() {
  // Large enough for two workers.
  const data = await bytesOf("files/large.gqz")
  const region = { x: 640, y: 320, width: 1200, height: 400 }
  settings.workers = 1
  const one = await GQZ.decode(data, { region })
  settings.workers = 2
  const two = await GQZ.decode(data, { region })
  check("two workers make the same pixels", same(one.data, two.data))
  const half = await GQZ.decode(data, { region, scale: 0.5 })
  check("scale", half.width === 600 && half.height === 200)
}

async function times() {
  const data = await bytesOf("files/large.gqz")
  for (const workers of [1, 2]) {
    settings.workers = workers
    let best = Infinity
    for (let k = 0; k < 5; k++) {
      const start = performance.now()
      await GQZ.decode(data, { region: { x: 0, y: 0, width: 768, height: 512 } })
      best = Math.min(best, performance.now() - start)
    }
    check(`time of 768 x 512 pixels, ${workers} workers`, true, `${(best / 1000).toFixed(2)} s`)
  }
}

async function errors() {
  settings.workers = 2
  const data = await bytesOf("files/rgb.gqz")
  const { model } = await GQZ.inspect(data)
  check("no .gqz", await refusal(GQZ.decode(new Uint8Array([1, 2, 3]))) === "damaged")
  check("empty", await refusal(GQZ.decode(new Uint8Array())) === "damaged")
  check("cut", await refusal(GQZ.decode(data.slice(0, data.length / 2))) === "damaged")
  check("wrong kind", await refusal(GQZ.decode("text")) === "invalid-argument")
  check("region outside", await refusal(GQZ.decode(data, { region: { x: 0, y: 0, width: 1e6, height: 1 } })) === "invalid-argument")
  check("scale outside", await refusal(GQZ.decode(data, { scale: 2 })) === "invalid-argument")
  check("too many pixels", await refusal(GQZ.decode(data, { maxPixels: 100 })) === "limit-exceeded")
  const damaged = data.slice()
  damaged[Math.floor(data.length * 0.7)] ^= 1
  check("damaged tile", await refusal(GQZ.decode(damaged)) === "damaged")
  let refused = 0
  for (let k = 0; k < 60; k++) {
    const changed = data.slice()
    changed[8 + (k * 7) % 60] ^= 1 << k % 8
    const code = await refusal(GQZ.decode(changed))
    if (["damaged", "limit-exceeded"].includes(code)) refused++
  }
  check("60 damaged headers are refused", refused === 60, refused)
  const abort = new AbortController()
  const large = await bytesOf("files/large.gqz")
  const running = GQZ.decode(large, { region: { x: 0, y: 0, width: 1500, height: 1200 }, signal: abort.signal })
  setTimeout(() => abort.abort(), 50)
  const ended = await running.then(() => "done", (error) => error.name)
  check("abort", ended === "AbortError", ended)
  check("decodes after all that", (await GQZ.decode(data)).width > 0 && model.length === 16)
}

async function memory() {
  const data = await bytesOf("files/rgb.gqz")
  settings.workers = 1
  for (let k = 0; k < 5; k++) await GQZ.decode(data)
  const before = performance.memory.usedJSHeapSize
  for (let k = 0; k < 50; k++) await GQZ.decode(data)
  const growth = (performance.memory.usedJSHeapSize - before) / 1e6
  check("memory after 50 decodes", growth < 60, `${growth.toFixed(1)} MB more`)
}

async function modelCache() {
  const { model } = await GQZ.inspect(await bytesOf("files/rgb.gqz"))
  const store = await caches.open("gqz-models")
  check("weights are kept", Boolean(await store.match(new URL(`models/${model}.safetensors.gz`, location.href).href)))
  const asked = (await log()).filter(([path]) => path.endsWith(`${model}.safetensors.gz`))
  check("weights are fetched once", asked.length === 1, asked.length)
}

async function remote(list) {
  const [file, small] = [list.find((file) => file.remote), list.find((file) => file.preview)]
  const expected = await bytesOf(`files/${file.name}.rgba`)
  await log()
  settings.workers = 2
  const start = performance.now()
  const picture = await RemotePicture.open(`files/${file.name}.gqz`)
  const first = await picture.preview()
  check("preview", first.width === small.width && first.height === small.height && Math.max(first.width, first.height) <= 256)
  check("preview without another request", (await log()).filter(([path]) => path.endsWith(".gqz")).length <= 3)
  const head = picture.fetched
  const image = await picture.decode(file.region)
  const seconds = (performance.now() - start) / 1000
  const asked = (await log()).filter(([path]) => path.endsWith(".gqz"))
  check("a region by range requests", same(image.data, expected))
  check("only ranges were asked for", asked.length > 0 && asked.every(([, range]) => range), asked.length)
  const counted = asked.reduce((sum, [, range]) => {
    const [first, last] = range.slice(6).split("-").map(Number)
    return sum + Math.min(last, picture.total - 1) - first + 1
  }, 0)
  check("bytes are counted", counted === picture.fetched - head, `${counted} ${picture.fetched - head}`)
  check("pixels of the preview", same(first.data, await bytesOf("files/preview.rgba")))
  const { width, height } = picture.info
  // The region, at most 160 pixels around it that its pixels depend on, and whole tiles of 256; the rest is header, preview, indices
  // and blocks of the level map.
  const most = (file.region.width + 320 + 512) * (file.region.height + 320 + 512) / (width * height) + 0.02
  check("only what is needed is fetched", picture.fetched < picture.total * most,
    `${(100 * picture.fetched / picture.total).toFixed(2)} % of ${picture.total} bytes, ${width} x ${height}, in ${seconds.toFixed(2)} s`)
  if (width * height >= 9e7) {
    check("a screen of 100 megapixels takes at most 3 %", picture.fetched <= 0.03 * picture.total, picture.fetched / picture.total)
  }
  await picture.decode(file.region)
  check("nothing is fetched twice", (await log()).filter(([path]) => path.endsWith(".gqz")).length === 0)
  const { levels } = await GQZ.inspect(await bytesOf(`files/${file.name}.gqz`))
  check("levels of a remote picture", same((await picture.levels()).levels, levels))
}

/** What a drawn picture has; opaque pixels come back from a canvas as they went in. */
function drawn(image, width, height) {
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.drawImage(image, 0, 0)
  return context.getImageData(0, 0, width, height).data
}

async function element(list) {
  const file = list.find(({ name }) => name === "rgb")
  const expected = await bytesOf("files/rgb.rgba")
  const node = document.createElement("gqz-image")
  const loaded = new Promise((done, failed) => {
    node.addEventListener("load", done)
    node.addEventListener("error", (event) => failed(event.error))
  })
  node.setAttribute("alt", "a sample")
  node.setAttribute("src", "files/rgb.gqz")
  document.body.append(node)
  await loaded
  const canvas = node.shadowRoot.querySelector("canvas")
  check("<gqz-image> draws", same(drawn(canvas, file.width, file.height), expected))
  check("<gqz-image> has its text", canvas.getAttribute("aria-label") === "a sample")
  const failed = new Promise((done) => node.addEventListener("error", (event) => done(event.error.code)))
  node.setAttribute("src", "files/none.gqz")
  check("<gqz-image> tells errors", await failed === "not-found")
  node.remove()
}

const image = (src) => new Promise((done, failed) => {
  const node = new Image()
  node.onload = () => done(node)
  node.onerror = () => failed(new Error(`${src} is not shown`))
  node.src = src
})

async function serviceWorker(list) {
  check("no picture without it", await image("files/rgb-low.gqz").then(() => false, () => true))
  await GQZ.install()
  for (const name of ["rgb", "grey", "real"]) {
    const file = list.find((file) => file.name === name)
    const node = await image(`files/${name}.gqz`)
    const right = node.naturalWidth === file.width && same(drawn(node, file.width, file.height), await bytesOf(`files/${name}.rgba`))
    check(`<img> of ${name}`, right)
  }
  const colors = (image) => drawn(image, 80, 48)
  const expected = colors(await image("files/profile.png"))
  const near = (pixels) => pixels.every((value, k) => Math.abs(value - expected[k]) <= 1)
  const found = await GQZ.decodeDetailed(await bytesOf("files/profile.gqz"))
  check("profiles change colours", !near(found.image.data))
  check("<img> with a profile", near(colors(await image("files/profile.gqz"))))
  check("bitmap with a profile", near(colors(await GQZ.bitmap(found))))
  const name = list.find(({ name }) => name.startsWith("alpha-")).name
  const node = await image(`files/${name}.gqz`)
  const [got, meant] = [drawn(node, node.naturalWidth, node.naturalHeight), await bytesOf(`files/${name}.rgba`)]
  check(`<img> of ${name} has alpha`, meant.some((value, k) => k % 4 === 3 && value < 255)
    && got.every((value, k) => k % 4 !== 3 || value === meant[k]))
  const square = document.createElement("div")
  square.style.cssText = "width: 50px; height: 50px; background: url(files/uniform.gqz)"
  document.body.append(square)
  let entry
  for (let k = 0; k < 200 && !entry; k++) {
    await new Promise((done) => setTimeout(done, 50))
    entry = performance.getEntriesByType("resource").find(({ name, initiatorType }) =>
      name.endsWith("uniform.gqz") && initiatorType === "css")
  }
  const { width, height } = list.find(({ name }) => name === "uniform")
  // What came is the bitmap.
  check("CSS background", entry?.decodedBodySize === 122 + 4 * width * height, entry?.decodedBodySize)
  await fetch("files/rgb.gqz").then(async (response) =>
    check("fetch still gets the file", new Uint8Array(await response.arrayBuffer())[1] === 0x47))
}

const problems = []
addEventListener("error", (event) => problems.push(event.message))
addEventListener("unhandledrejection", (event) => problems.push(`unhandled: ${event.reason}`))

const list = await (await fetch("files/list.json")).json()
for (const part of [pixels, modelCache, split, times, errors, memory, remote, element, serviceWorker]) {
  try {
    await part(list)
  } catch (error) {
    check(part.name, false, error.stack ?? error)
  }
}
check("no errors outside", problems.length === 0, problems.join("; "))
await fetch("/result", { method: "POST", body: JSON.stringify({ checks }) })
