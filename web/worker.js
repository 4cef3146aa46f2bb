// Decodes for gqz.js: messages {id, call, ...} in, {id, result} or {id, error} out.
import { Core, GQZError } from "./core.js"

let core

onmessage = async ({ data }) => {
  const { id, call, args } = data
  try {
    if (call === "start") {
      core = new Core(args[0])
      return postMessage({ id, result: true })
    }
    if (call === "addModel") {
      core.addModel(...args)
      return postMessage({ id, result: true })
    }
    const result = await core[call](...args)
    postMessage({ id, result }, result?.rgba ? [result.rgba.buffer] : [])
  } catch (error) {
    postMessage({ id, error: { code: error instanceof GQZError ? error.code : "failure", message: error.message } })
  }
}
