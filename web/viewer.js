// The page index.html: one file, and the picture that it was made from beside it.
import { NO_MODEL } from "./core.js"
import { GQZ, isGQZ } from "./gqz.js"
import { View } from "./view.js"

const one = (id) => document.getElementById(id)
const shown = { picture: null, before: null }

const view = new View(one("canvas"), (context, view) => {
  const { picture, before } = shown
  context.drawImage(picture.bitmap, 0, 0)
  for (const id of ["levels", "graphics"]) {
    if (!picture[id] || one(id).getAttribute("aria-pressed") !== "true") continue
    context.imageSmoothingEnabled = false
    context.globalAlpha = 0.6
    // The last positions reach beyond the picture.
    const [columns, rows] = [picture.image.width / 16, picture.image.height / 16]
    context.drawImage(picture[id], 0, 0, columns, rows, 0, 0, picture.image.width, picture.image.height)
    context.globalAlpha = 1
  }
  if (!before) return
  const edge = view.x + one("split").value * view.size[0] / view.scale
  context.save()
  context.beginPath()
  context.rect(view.x, view.y, edge - view.x, view.size[1] / view.scale)
  context.clip()
  context.clearRect(0, 0, view.width, view.height)
  context.drawImage(before, 0, 0, view.width, view.height)
  context.restore()
  if (edge <= 0 || edge >= view.width) return
  for (const [color, half] of [["#0008", 2], ["#fff", 1]]) {
    context.fillStyle = color
    context.fillRect(edge - half / view.scale, 0, 2 * half / view.scale, view.height)
  }
})

view.pointed = (x, y) => {
  const { picture } = shown
  const inside = picture && x >= 0 && y >= 0 && x < view.width && y < view.height
  if (!inside) return void (one("pixel").textContent = "")
  const place = (y * view.width + x) * 4
  const [r, g, b, a] = picture.image.data.subarray(place, place + 4)
  const position = (y >> 4) * picture.info.columns + (x >> 4)
  const bits = picture.mask?.[position] ? "without loss" : `${picture.info.levelBits[picture.info.levels[position]]} bits`
  one("pixel").textContent = `${x}, ${y}: ${r} ${g} ${b}${picture.hasAlpha ? ` α ${a}` : ""} · ${bits}`
}
view.changed = () => {
  if (shown.picture) document.body.dataset.scale = view.scale
}

function tell(text, isError = false) {
  one("status").textContent = text
  one("status").classList.toggle("error", isError)
}

/** A number of every position as a picture of one pixel for each. */
function positionPicture({ columns, rows }, numbers, color) {
  const image = new ImageData(columns, rows)
  numbers.forEach((number, k) => image.data.set(color(number), 4 * k))
  const canvas = new OffscreenCanvas(columns, rows)
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas
}

/** The level map: from dark blue for no bits to yellow for the most. */
function levelPicture(info) {
  const most = Math.log2(1 + Math.max(...info.levelBits))
  return positionPicture(info, info.levels, (level) => {
    const t = Math.log2(1 + info.levelBits[level]) / (most || 1)
    return [255 * Math.min(1, 1.6 * t), 255 * Math.max(0, 1.6 * t - 0.5), 255 * (0.55 - 0.5 * t), 255]
  })
}

/** What is coded without loss in magenta, as no level is. */
const graphicsPicture = (info, mask) => mask && positionPicture(info, mask, (isSet) => [255, 0, 170, isSet ? 255 : 0])

function describe({ info, mask, damage, seconds }) {
  const bits = (info.fileBytes * 8 / (info.width * info.height)).toFixed(3)
  const lines = {
    Size: `${info.width} × ${info.height}, ${info.colorType}`, File: `${info.fileBytes.toLocaleString("en")} bytes, ${bits} bits per pixel`,
    Model: info.model === NO_MODEL ? "none is needed" : info.model, Order: info.order === "tiles" ? "tile after tile" : "phase after phase",
    Tiles: `${info.tiles} of ${info.tileSize} × ${info.tileSize}${damage?.length ? `, ${damage.length} damaged` : ""}`,
    Codes: `${info.codeBytes.toLocaleString("en")} bytes`, "Level map": `${info.levelMapBytes.toLocaleString("en")} bytes`,
    "Without loss": mask ? `${mask.reduce((sum, isSet) => sum + isSet, 0).toLocaleString("en")} of ${mask.length.toLocaleString("en")} positions` : "nothing",
    Beside: info.chunks.map(({ type, bytes }) => `${type}: ${bytes.toLocaleString("en")} bytes`).join(", ") || "nothing",
    Decoded: `in ${seconds.toFixed(2)} s`,
  }
  one("details").firstElementChild.replaceChildren(...Object.entries(lines).flatMap(([name, text]) =>
    [["dt", name], ["dd", text]].map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text }))))
}

async function openGQZ(name, bytes) {
  tell(`Decoding ${name} …`)
  const start = performance.now()
  let found
  try {
    found = await GQZ.decodeDetailed(bytes)
  } catch (error) {
    if (error.code !== "damaged") throw error
    // What can be shown of it, with a word on what is wrong.
    found = await GQZ.decodeDetailed(bytes, { recover: true }).catch(() => { throw error })
    found.problem = error.message
  }
  const seconds = (performance.now() - start) / 1000
  const isSameSize = shown.picture && shown.picture.image.width === found.image.width && shown.picture.image.height === found.image.height
  shown.picture = {
    ...found, seconds, bitmap: await GQZ.bitmap(found), levels: levelPicture(found.info),
    mask: found.graphics, graphics: graphicsPicture(found.info, found.graphics),
  }
  if (!isSameSize) useBefore(null)
  describe(shown.picture)
  one("name").textContent = name
  one("start").hidden = true
  for (const id of ["fit", "actual", "levels", "info", "save"]) one(id).disabled = false
  one("graphics").disabled = !found.graphics
  view.show(found.image.width, found.image.height)
  const size = `${found.image.width} × ${found.image.height}, ${seconds.toFixed(2)} s`
  tell(found.problem ? `${size}. Damaged: ${found.problem}` : size, Boolean(found.problem))
}

function useBefore(bitmap) {
  shown.before = bitmap
  one("split").hidden = !bitmap
  view.redraw()
}

async function openFiles(files) {
  try {
    const others = []
    for (const file of files) {
      const bytes = new Uint8Array(await file.arrayBuffer())
      if (isGQZ(bytes)) await openGQZ(file.name, bytes)
      else others.push(file)
    }
    for (const file of others) {
      if (!shown.picture) throw new Error(`${file.name} is no .gqz file; open one first, then a picture to compare it with`)
      useBefore(await createImageBitmap(file).catch(() => { throw new Error(`${file.name} is no picture that this browser reads`) }))
    }
  } catch (error) {
    tell(error.message, true)
  }
}

async function save() {
  const { image } = shown.picture
  const canvas = new OffscreenCanvas(image.width, image.height)
  canvas.getContext("2d").putImageData(image, 0, 0)
  const link = document.createElement("a")
  link.href = URL.createObjectURL(await canvas.convertToBlob({ type: "image/png" }))
  link.download = one("name").textContent.replace(/[.]gqz$/, "") + ".png"
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

function toggle(id) {
  const pressed = one(id).getAttribute("aria-pressed") !== "true"
  one(id).setAttribute("aria-pressed", pressed)
  if (id === "info") one("details").hidden = !pressed
  view.redraw()
}

one("file").addEventListener("change", (event) => openFiles([...event.target.files]))
one("fit").addEventListener("click", () => view.fit())
one("actual").addEventListener("click", () => view.actual())
one("levels").addEventListener("click", () => toggle("levels"))
one("graphics").addEventListener("click", () => toggle("graphics"))
one("info").addEventListener("click", () => toggle("info"))
one("save").addEventListener("click", save)
one("split").addEventListener("input", () => view.redraw())
addEventListener("keydown", (event) => {
  if (!shown.picture || event.ctrlKey || event.metaKey || event.altKey) return
  const actions = { l: () => toggle("levels"), g: () => one("graphics").click(), i: () => toggle("info"), s: save }
  actions[event.key.toLowerCase()]?.()
})
const stage = one("stage")
for (const type of ["dragenter", "dragover"]) {
  stage.addEventListener(type, (event) => {
    event.preventDefault()
    stage.classList.add("over")
  })
}
stage.addEventListener("dragleave", () => stage.classList.remove("over"))
stage.addEventListener("drop", (event) => {
  event.preventDefault()
  stage.classList.remove("over")
  openFiles([...event.dataTransfer.files])
})

// index.html?src=photo.gqz&before=photo.png
const parameters = new URLSearchParams(location.search)
async function openAddresses() {
  const files = []
  for (const name of ["src", "before"]) {
    const address = parameters.get(name)
    if (!address) continue
    const response = await fetch(address).catch(() => null)
    if (!response?.ok) return tell(`${address} is not there`, true)
    files.push(new File([await response.blob()], address.split("/").at(-1)))
  }
  if (files.length) await openFiles(files)
}
openAddresses()
