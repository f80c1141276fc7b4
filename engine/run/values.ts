// From what a prompt says to what a node is given: literals are coerced as ComfyUI does, links
// bring lists of values, absent optional inputs take their default.
import { isLosslessNumber, LosslessNumber } from 'lossless-json'
import { type InputDescription, needsLink } from '../graph/catalogue.ts'
import { CoercionError, coerce } from '../graph/coerce.ts'
import { activeInputs } from '../graph/dynamic-inputs.ts'
import { isNumber, isObject, type Json } from '../graph/json.ts'
import { isLink, type PromptLink } from '../graph/prompt.ts'
import { pythonFloat } from '../graph/python-text.ts'
import type { Field, NodeType } from '../nodes/define.ts'
import { InputError } from './run-error.ts'

const quoted = (value: unknown) => (typeof value === 'string' ? `"${value}"` : String(value))

/** The literal as the input's type; a refusal names the input. */
function coerced(name: string, type: 'INT' | 'FLOAT', value: unknown): number | bigint {
  let number: Json | undefined
  try {
    number = coerce(value as Json, type)
  } catch (error) {
    if (!(error instanceof CoercionError)) throw error
  }
  if ((typeof number === 'number' && !Number.isNaN(number)) || typeof number === 'bigint')
    return number
  const takes = type === 'INT' ? 'a whole number' : 'a number'
  throw new InputError(name, `“${name}” takes ${takes}, but was given ${quoted(value)}.`)
}

/** `8`, `"8"`, `8.7` and `true` are whole numbers; seeds stay exact as bigints. */
function toInteger(name: string, field: Field, value: unknown): number | bigint {
  const whole = coerced(name, 'INT', value)
  if (whole !== Number.POSITIVE_INFINITY && whole !== Number.NEGATIVE_INFINITY) {
    if (isSeed(field)) return BigInt(whole)
    if (Number.isSafeInteger(Number(whole))) return Number(whole)
    if (takesBigints(field)) return BigInt(whole)
  }
  throw new InputError(name, `The number ${quoted(value)} is too large for “${name}”.`)
}

const isSeed = (field: Field) =>
  typeof field.widget === 'object' && field.widget.kind === 'int' && field.widget.seed === true

/** Sockets take any INT. A widget takes what a double cannot hold only if its own range says so. */
const takesBigints = ({ widget }: Field) =>
  !(typeof widget === 'object' && widget.kind === 'int') || typeof widget.max === 'bigint'

/** A value written in the prompt. Types but the four basic ones (unions, `*`) get it as written. */
export function bindLiteral(name: string, field: Field, written: unknown): unknown {
  const value = isObject(written) && '__value__' in written ? written.__value__ : written
  switch (field.type) {
    case 'INT':
      return toInteger(name, field, value)
    case 'FLOAT':
      return coerced(name, 'FLOAT', value)
    case 'STRING':
      return isNumber(value) ? coerce(value, 'STRING') : value
    case 'BOOLEAN':
      return coerce(value as Json, 'BOOLEAN')
    case 'COMBO':
      return isLosslessNumber(value) ? Number(value.toString()) : value
    default:
      if (!field.rawLink && needsLink(field) && (typeof value === 'string' || isNumber(value)))
        throw new InputError(
          name,
          `“${name}” takes a ${field.type} from another node, but was given ${quoted(value)}.`,
          `Connect an output of type ${field.type} to it.`,
        )
      return value
  }
}

/** A value that came along a link: numbers take the form the field promises, nothing else changes. */
export function bindLinked(name: string, field: Field, value: unknown): unknown {
  if (field.type === 'INT' && isNumber(value)) return toInteger(name, field, value)
  if (/^FLOATS?$/.test(field.type) && isNumber(value)) return coerced(name, 'FLOAT', value)
  return value
}

/**
 * What a node gave for an output of this type. A FLOAT that is whole stays one where anything may
 * come: `1.0` in a text, not `1`, as Python has it.
 */
export function markFloat(type: string, value: unknown): unknown {
  if (type !== 'FLOAT') return value
  if (Array.isArray(value)) return value.map(item => markFloat(type, item))
  return Number.isInteger(value) ? new LosslessNumber(pythonFloat(value as number)) : value
}

/** For each input the list that it maps over. */
export type Lists = Record<string, readonly unknown[]>

/**
 * Everything that a call of the node gets, as lists. `slot` answers what a link brings. Of the lazy
 * inputs only those in `requestedInputs` are given, so that a result never depends on what else has run.
 * Undeclared links are passed on, undeclared literals are not. @throws InputError
 */
export function gather(
  type: NodeType,
  inputs: Readonly<Record<string, unknown>>,
  hidden: Readonly<Record<string, unknown>>,
  requestedInputs: ReadonlySet<string>,
  slot: (link: PromptLink) => readonly unknown[],
): Lists {
  const lists: Lists = {}
  const fields: Record<string, Field> = type.inputs
  const there = activeNames(type, inputs)
  for (const name of there) {
    const field = fields[name]!
    const value = inputs[name]
    if (isLink(value)) {
      if (field.rawLink) lists[name] = [value]
      else if (!field.lazy || requestedInputs.has(name))
        lists[name] = slot(value).map(item => bindLinked(name, field, item))
    } else if (value !== undefined) {
      lists[name] = [bindLiteral(name, field, value)]
    } else if (field.optional) {
      const widget = typeof field.widget === 'object' ? field.widget : undefined
      if (widget) lists[name] = [bindLiteral(name, field, widget.default)]
    } else if (!field.lazy) {
      throw new InputError(name, `“${name}” has neither a value nor a link.`)
    }
  }
  for (const name in inputs) {
    const value = inputs[name]
    if (!fields[name] && isLink(value)) lists[name] = slot(value)
  }
  for (const name in hidden) lists[name] = [hidden[name]]
  return lists
}

/** Names of the inputs that the node has while its choices hold what the prompt says. */
function activeNames({ inputs }: NodeType, values: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(inputs)
  if (!names.some(name => (inputs[name] as Field).when)) return names
  const fields = names.map(name => ({ ...(inputs[name] as InputDescription), name }))
  return activeInputs(fields, values).map(({ name }) => name)
}

/** One argument object per call: as many calls as the longest list, shorter ones repeat their last. */
export function argumentsOf(lists: Lists, wholeLists: boolean): Record<string, unknown>[] {
  if (wholeLists) return [lists]
  const all = Object.entries(lists)
  if (all.some(([, list]) => list.length === 0)) return []
  const calls = all.reduce((longest, [, list]) => Math.max(longest, list.length), 1)
  return Array.from({ length: calls }, (_, i) =>
    Object.fromEntries(all.map(([name, list]) => [name, list[Math.min(i, list.length - 1)]])),
  )
}
