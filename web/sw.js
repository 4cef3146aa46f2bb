// Answers requests of <img> and CSS for .gqz files with pixels that the browser knows. Started by GQZ.install().
import { Core, fetchModel, isGQZ, pictureFile } from "./core.js"

const base = new URL(".", import.meta.url)
let core

async function decoder(bytes) {
  core ??= Core.compile(new URL("gqdecode.wasm", base)).then((module) => new Core(module)).catch((error) => {
    core = undefined
    throw error
  })
  const ready = await core
  const info = ready.inspect(bytes)
  const { model } = info
  if (!ready.hasModel(model)) ready.addModel(model, await fetchModel(model, base))
  return { ready, info }
}

async function answer(request) {
  const response = await fetch(request)
  if (!response.ok || response.type === "opaque") return response
  const bytes = new Uint8Array(await response.clone().arrayBuffer())
  if (!isGQZ(bytes)) return response
  try {
    const { ready, info } = await decoder(bytes)
    const picture = await ready.decode(bytes, info.model)
    return new Response(await pictureFile({ ...picture, profile: ready.profile(bytes, info) }))
  } catch (error) {
    // As the browser shows any picture that it cannot read.
    return new Response(`${error.code ?? "failure"}: ${error.message}`, { status: 422, statusText: "Unprocessable Content" })
  }
}

addEventListener("install", () => skipWaiting())
addEventListener("activate", (event) => event.waitUntil(clients.claim()))
addEventListener("fetch", (event) => {
  const { request } = event
  if (request.destination === "image" && new URL(request.url).pathname.endsWith(".gqz")) event.respondWith(answer(request))
})
