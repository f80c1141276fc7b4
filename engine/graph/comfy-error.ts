// The shape in which ComfyUI's server tells what is wrong with an input.
import type { InputDescription } from './catalogue.ts'
import type { Json, JsonObject } from './json.ts'
import { inputSpec } from './object-info.ts'

/** One entry of ComfyUI's `errors` lists, and its `error`. */
export interface ComfyError {
  type: string
  message: string
  details: string
  extra_info: JsonObject
}

/** An error about one input, with its declaration. */
export function inputError(
  type: string,
  message: string,
  details: string,
  input: InputDescription,
  more: JsonObject,
): ComfyError {
  const extra_info = { input_name: input.name, input_config: inputConfig(input), ...more }
  return { type, message, details, extra_info }
}

/** `[type, options]`; here the options are always said, if only as `{}`. */
export function inputConfig(input: InputDescription): Json[] {
  const [type, options] = inputSpec(input)
  return [type ?? input.type, options ?? {}]
}
