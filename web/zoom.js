// The page zoom.html?src=big.gqz[&x=...&y=...&scale=...]: a picture on a web server of which only what is in view is fetched.
import { RemotePicture } from "./gqz.js"
import { View } from "./view.js"

const one = (id) => document.getElementById(id)
const parameters = new URLSearchParams(location.search)
/** Pixels that are decoded for one screen at most; beyond, the overview is all there is. */
const MOST = 3e6
/** Pixels of decoded regions that are kept. */
const KEPT = 4e7

let picture, overview, regions = [], running, timer

const view = new View(one("canvas"), (context, view) => {
  if (overview) context.drawImage(overview, 0, 0, view.width, view.height)
  for (const { region, bitmap } of regions) context.drawImage(bitmap, region.x, region.y)
})

function tell(text, isError = false) {
  one("status").textContent = text
  one("status").classList.toggle("error", isError)
  const { fetched, total } = picture ?? {}
  one("bytes").textContent = total
    ? `${fetched.toLocaleString("en")} of ${total.toLocaleString("en")} bytes, ${(100 * fetched / total).toFixed(1)} %` : ""
}

const contains = (a, b) => a.x <= b.x && a.y <= b.y && a.x + a.width >= b.x + b.width && a.y + a.height >= b.y + b.height

view.changed = () => {
  clearTimeout(timer)
  timer = setTimeout(look, 120)
}

/** Decodes what is in view once it stands still. */
async function look() {
  if (!picture) return
  const region = view.visible
  const { width, height } = region
  if (!width || !height || regions.some((held) => contains(held.region, region))) return
  if (width * height > MOST) return tell("Zoom in for all detail")
  running?.abort()
  const mine = running = new AbortController()
  tell("Decoding …")
  const start = performance.now()
  try {
    const image = await picture.decode(region, { signal: mine.signal })
    regions.push({ region, bitmap: await createImageBitmap(image) })
    let pixels = 0
    regions = regions.reverse().filter(({ region }) => (pixels += region.width * region.height) <= KEPT).reverse()
    view.redraw()
    tell(`${width} × ${height} at ${region.x}, ${region.y}: ${((performance.now() - start) / 1000).toFixed(2)} s`)
    document.body.dataset.shown = JSON.stringify(region)
  } catch (error) {
    if (!mine.signal.aborted) tell(error.message, true)
  }
}

/** Where there is no preview: how many bits each position has, which shows where things are. */
function levelOverview({ columns, rows, levels, levelBits }) {
  const image = new ImageData(columns, rows)
  const most = Math.log2(1 + Math.max(...levelBits)) || 1
  levels.forEach((level, k) => {
    const grey = 60 + 130 * Math.log2(1 + levelBits[level]) / most
    image.data.set([grey, grey, grey, 255], 4 * k)
  })
  return createImageBitmap(image)
}

async function begin() {
  const source = parameters.get("src")
  if (!source) return tell("zoom.html?src=big.gqz shows a file of this server", true)
  tell("Reading …")
  try {
    picture = await RemotePicture.open(new URL(source, location.href).href)
    const preview = await picture.preview().catch(() => null)
    overview = await (preview ? createImageBitmap(preview) : levelOverview(await picture.levels()))
  } catch (error) {
    return tell(error.message, true)
  }
  const { width, height } = picture.info
  one("name").textContent = `${source.split("/").at(-1)}: ${width} × ${height}`
  for (const id of ["fit", "actual"]) one(id).disabled = false
  view.show(width, height)
  if (parameters.has("scale")) {
    view.scale = Number(parameters.get("scale")) || 1
    view.x = Number(parameters.get("x")) || 0
    view.y = Number(parameters.get("y")) || 0
    view.pan(0, 0)
  }
  tell(`${width} × ${height}`)
}

one("fit").addEventListener("click", () => view.fit())
one("actual").addEventListener("click", () => view.actual())
begin()
