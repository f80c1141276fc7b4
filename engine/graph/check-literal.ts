// Values typed into widgets, against what the input declares: type, bounds, options.
import type { InputDescription } from './catalogue.ts'
import { CoercionError, coerce } from './coerce.ts'
import { type ComfyError, inputError } from './comfy-error.ts'
import { isNumber, isObject, type Json, plainNumber, sameJson } from './json.ts'
import { pythonFloat, pythonRepr, pythonStr } from './python-text.ts'

export type Checking = { value: Json; error?: undefined } | { error: ComfyError }

/** Converts a literal to the declared type and holds it against bounds and options. */
export function checkLiteral(input: InputDescription, given: Json): Checking {
  const literal = isObject(given) && '__value__' in given ? given.__value__! : given
  let value: Json
  try {
    value = coerce(literal, input.type)
  } catch (error) {
    if (error instanceof CoercionError) return { error: notOfType(input, literal, error.message) }
    throw error
  }
  const error = outOfRange(input, value) ?? notInList(input, value)
  return error ? { error } : { value }
}

function notOfType(input: InputDescription, value: Json, exception: string): ComfyError {
  return inputError(
    'invalid_input_type',
    `Failed to convert an input value to a ${input.type} value`,
    `${input.name}, ${pythonStr(value)}, ${exception}`,
    input,
    { received_value: value, exception_message: exception },
  )
}

function outOfRange(input: InputDescription, value: Json): ComfyError | undefined {
  const { widget } = input
  if (!isNumber(value) || (widget?.kind !== 'int' && widget?.kind !== 'float')) return undefined
  const say = (number: number | bigint): string =>
    widget.kind === 'float' ? pythonFloat(Number(number)) : String(number)
  const number = plainNumber(value)
  if (number < widget.min) {
    const message = `Value ${say(number)} smaller than min of ${say(widget.min)}`
    return inputError('value_smaller_than_min', message, input.name, input, {
      received_value: value,
    })
  }
  if (number > widget.max) {
    const message = `Value ${say(number)} bigger than max of ${say(widget.max)}`
    return inputError('value_bigger_than_max', message, input.name, input, {
      received_value: value,
    })
  }
  return undefined
}

/** Lists longer than this are not spelled out. */
const maxListLength = 20

function notInList(input: InputDescription, value: Json): ComfyError | undefined {
  const { widget } = input
  if (widget?.kind !== 'choice') return undefined
  // A list that the page would fetch from somewhere: whatever it gave is right.
  if (widget.options.length === 0 && isRemote(input)) return undefined
  if (widget.options.some(option => sameChoice(option, value))) return undefined
  if (Array.isArray(value) && value.every(one => widget.options.some(o => sameChoice(o, one)))) {
    return undefined
  }
  if (widget.upload) return noSuchUpload(input, value)
  const elided = widget.options.length > maxListLength
  const among = elided ? `(list of length ${widget.options.length})` : pythonRepr(widget.options)
  const error = inputError(
    'value_not_in_list',
    'Value not in list',
    `${input.name}: '${pythonStr(value)}' not in ${among}`,
    input,
    { received_value: value },
  )
  if (elided) error.extra_info.input_config = null
  return error
}

const isRemote = (input: InputDescription): boolean =>
  isObject(input.spec?.[1]) && 'remote' in input.spec[1]

/** `1`, `1.0` and the option 1 are equal in Python. */
const sameChoice = (option: Json, value: Json): boolean =>
  sameJson(option, value) ||
  (isNumber(option) && isNumber(value) && plainNumber(option) === plainNumber(value))

/**
 * Uploads are checked by the node itself: a name may point into a subfolder or another folder
 * (`name.png [output]`), which the list does not show.
 */
function noSuchUpload(input: InputDescription, value: Json): ComfyError | undefined {
  const name = pythonStr(value)
  if (/[\\/]/.test(name) || / ?\[(input|output|temp)\]$/.test(name)) return undefined
  return {
    type: 'custom_validation_failed',
    message: 'Custom validation failed for node',
    details: `${input.name} - Invalid image file: ${name}`,
    extra_info: { input_name: input.name },
  }
}
