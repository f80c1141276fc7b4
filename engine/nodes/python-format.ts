// Python's `str.format` as far as plain values go: `{name}`, `{name:.3f}`, `{name!r}`, `{{`.
// https://docs.python.org/3/library/string.html#format-string-syntax
import { isNumber, LosslessNumber } from '../graph/json.ts'
import { pythonFloat, pythonRepr } from '../graph/python-text.ts'

/** A width or precision beyond this is a mistake. */
const maxWidth = 10_000

/** @throws Error in words for a field that has no value or a format that Python refuses */
export function formatText(template: string, values: ReadonlyMap<string, unknown>): string {
  let out = ''
  for (let at = 0; at < template.length; ) {
    const next = template.slice(at).search(/[{}]/)
    if (next === -1) return out + template.slice(at)
    out += template.slice(at, at + next)
    at += next
    const brace = template[at]!
    if (template[at + 1] === brace) {
      out += brace
      at += 2
      continue
    }
    const end = template.indexOf('}', at)
    if (brace === '}' || end === -1)
      throw new Error(`A single ${brace} stands in the text. Write ${brace}${brace} for a brace.`)
    out += field(template.slice(at + 1, end), values)
    at = end + 1
  }
  return out
}

function field(source: string, values: ReadonlyMap<string, unknown>): string {
  const [, name = '', conversion, spec = ''] =
    /^([^!:]*)(?:!([rsa]))?(?::(.*))?$/s.exec(source) ?? []
  if (!values.has(name))
    throw new Error(
      `{${source}} has no value: ${name ? `connect “${name}”` : 'give it the name of an input'}, ` +
        'or write {{ and }} for braces.',
    )
  const value = values.get(name)
  if (!conversion) return format(value, spec)
  return format(conversion === 's' ? plain(value) : repr(value), spec)
}

/** `str(value)` */
const plain = (value: unknown): string => (typeof value === 'string' ? value : repr(value))

const repr = (value: unknown): string =>
  value === undefined ? 'None' : pythonRepr(value as Parameters<typeof pythonRepr>[0])

interface Spec {
  fill: string
  align?: string
  sign: string
  /** `0x` and its like before the digits. */
  marked: boolean
  zero: boolean
  width: number
  comma: string
  precision?: number
  type: string
}

function parseSpec(spec: string): Spec {
  const parts = /^(?:(.)?([<>=^]))?([+\- ]?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/su.exec(
    spec,
  )
  if (!parts) throw new Error(`“${spec}” is no format that Python knows.`)
  const [, fill, align, sign = '', mark, zero, width, comma = '', precision, type = ''] = parts
  const parsed = {
    fill: fill ?? (zero ? '0' : ' '),
    align: align ?? (zero ? '=' : undefined),
    sign,
    marked: mark === '#',
    zero: zero === '0',
    width: Number(width || 0),
    comma,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  }
  if (parsed.width > maxWidth || (parsed.precision ?? 0) > 100)
    throw new Error(`“${spec}” asks for more digits than make sense.`)
  return parsed
}

function format(value: unknown, source: string): string {
  if (source === '') return plain(value)
  const spec = parseSpec(source)
  const numeric = isNumber(value) || (typeof value === 'boolean' && /[dfeg%xbo]/i.test(spec.type))
  if (!numeric) return padded(plain(value).slice(0, spec.precision), '', spec, '<')
  const number = Number(value)
  const negative = number < 0 || Object.is(number, -0)
  const sign = negative ? '-' : spec.sign === '-' ? '' : spec.sign
  // Of a number that was computed, 1.0 and 1 are the same.
  const float = value instanceof LosslessNumber ? /[.eE]/.test(value.value) : number % 1 !== 0
  const exact = value instanceof LosslessNumber && !float ? BigInt(value.value) : value
  const digits = magnitude(typeof exact === 'bigint' ? exact : number, float, spec)
  const mark = spec.marked && /[xob]/i.test(spec.type) ? `0${spec.type}` : ''
  return padded(digits, sign + mark, spec, '>')
}

const absolute = (value: number | bigint) =>
  typeof value === 'bigint' ? (value < 0n ? -value : value) : Math.abs(value)

function magnitude(
  value: number | bigint,
  float: boolean,
  { type, precision, comma }: Spec,
): string {
  const size = absolute(value)
  const whole = () => {
    if (float) throw new Error(`The format “${type}” takes a whole number, not ${value}.`)
    return BigInt(size)
  }
  const grouped = (text: string) =>
    comma ? text.replace(/\d(?=(\d{3})+(?!\d))(?<!\.\d*)/g, `$&${comma}`) : text
  switch (type) {
    case 'd':
    case 'n':
      return grouped(String(whole()))
    case 'x':
      return whole().toString(16)
    case 'X':
      return whole().toString(16).toUpperCase()
    case 'b':
      return whole().toString(2)
    case 'o':
      return whole().toString(8)
    case 'f':
    case 'F':
      return grouped(fixed(Number(size), precision ?? 6))
    case '%':
      return `${grouped(fixed(Number(size) * 100, precision ?? 6))}%`
    case 'e':
    case 'E': {
      const text = exponent(Number(size), precision ?? 6)
      return type === 'E' ? text.toUpperCase() : text
    }
    case 'g':
    case 'G': {
      const text = grouped(general(Number(size), precision ?? 6))
      return type === 'G' ? text.toUpperCase() : text
    }
    case '': {
      if (precision === undefined) return grouped(float ? pythonFloat(Number(size)) : String(size))
      const text = general(Number(size), precision)
      return grouped(float && !/[.e]/.test(text) ? `${text}.0` : text)
    }
    default:
      throw new Error(`“${type}” is no format of numbers that Python knows.`)
  }
}

/** So many decimals. A half goes to the even neighbour, where JavaScript rounds up. */
function fixed(size: number, decimals: number): string {
  if (size >= 1e21) return `${BigInt(size)}${decimals > 0 ? `.${'0'.repeat(decimals)}` : ''}`
  return evenly(size.toFixed(decimals), size.toFixed(100), decimals > 0 ? decimals : -1)
}

/** Two digits of exponent at least: `1.5e+03`. */
function exponent(size: number, precision: number): string {
  const [digits = '', power = ''] = size.toExponential(precision).split('e')
  const [all = ''] = size.toExponential(100).split('e')
  const even = evenly(digits, all, precision > 0 ? precision : -1)
  return `${even}e${power[0]}${power.slice(1).padStart(2, '0')}`
}

/** `rounded`, or what is cut off after so many decimals (-1: without a point) where that is even and a half is left. */
function evenly(rounded: string, all: string, decimals: number): string {
  const end = all.indexOf('.') + decimals + 1
  const cut = all.slice(0, end)
  const isHalf = /^\.?50*$/.test(all.slice(end))
  return isHalf && /[02468]$/.test(cut) ? cut : rounded
}

/** So many significant digits, without zeros at the end. */
function general(size: number, precision: number): string {
  const digits = Math.max(1, precision)
  const power = size === 0 ? 0 : Number(size.toExponential(digits - 1).split('e')[1])
  const bare = (text: string) => text.replace(/\.?0+(?=e|$)/, '')
  if (power < -4 || power >= digits) return bare(exponent(size, digits - 1))
  const text = fixed(size, Math.max(0, digits - 1 - power))
  return text.includes('.') ? bare(text) : text
}

function padded(text: string, sign: string, { fill, align, width }: Spec, preset: string): string {
  const missing = Math.max(0, width - [...text].length - sign.length)
  switch (align ?? preset) {
    case '=':
      return sign + fill.repeat(missing) + text
    case '^':
      return fill.repeat(missing >> 1) + sign + text + fill.repeat(missing - (missing >> 1))
    case '<':
      return sign + text + fill.repeat(missing)
    default:
      return fill.repeat(missing) + sign + text
  }
}
