// Python's `str.format` as far as plain values go: `{name}`, `{name:.3f}`, `{name!r}`, `{{`.
// https://docs.python.org/3/library/string.html#format-string-syntax
import { isNumber } from '../graph/json.ts'
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
  const shown = conversion === 'r' || conversion === 'a' ? repr(value) : value
  return format(shown, spec)
}

/** `str(value)` */
const plain = (value: unknown): string => (typeof value === 'string' ? value : repr(value))

const repr = (value: unknown): string =>
  value === undefined ? 'None' : pythonRepr(value as Parameters<typeof pythonRepr>[0])

interface Spec {
  fill: string
  align?: string
  sign: string
  zero: boolean
  width: number
  comma: string
  precision?: number
  type: string
}

function parseSpec(spec: string): Spec {
  const parts = /^(?:(.)?([<>=^]))?([+\- ]?)#?(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/su.exec(
    spec,
  )
  if (!parts) throw new Error(`“${spec}” is no format that Python knows.`)
  const [, fill, align, sign = '', zero, width, comma = '', precision, type = ''] = parts
  const parsed = {
    fill: fill ?? (zero ? '0' : ' '),
    align: align ?? (zero ? '=' : undefined),
    sign,
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
  const digits = magnitude(typeof value === 'bigint' ? value : number, spec)
  return padded(digits, sign, spec, '>')
}

const absolute = (value: number | bigint) =>
  typeof value === 'bigint' ? (value < 0n ? -value : value) : Math.abs(value)

function magnitude(value: number | bigint, { type, precision, comma }: Spec): string {
  const size = absolute(value)
  const whole = () => {
    if (typeof size === 'number' && !Number.isInteger(size))
      throw new Error(`The format “${type}” takes a whole number, not ${value}.`)
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
      return grouped(Number(size).toFixed(precision ?? 6))
    case '%':
      return `${grouped((Number(size) * 100).toFixed(precision ?? 6))}%`
    case 'e':
    case 'E': {
      const text = exponent(Number(size), precision ?? 6)
      return type === 'E' ? text.toUpperCase() : text
    }
    case 'g':
    case 'G':
      return grouped(general(Number(size), precision ?? 6))
    case '':
      return grouped(precision === undefined ? said(size) : general(Number(size), precision))
    default:
      throw new Error(`“${type}” is no format of numbers that Python knows.`)
  }
}

const said = (size: number | bigint): string =>
  typeof size === 'bigint' || Number.isInteger(size) ? String(size) : pythonFloat(size)

/** Two digits of exponent at least: `1.5e+03`. */
const exponent = (size: number, precision: number): string =>
  size.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')

/** So many significant digits, without zeros at the end. */
function general(size: number, precision: number): string {
  const digits = Math.max(1, precision)
  const power = size === 0 ? 0 : Number(size.toExponential(digits - 1).split('e')[1])
  const bare = (text: string) => text.replace(/\.?0+(?=e|$)/, '')
  if (power < -4 || power >= digits) return bare(exponent(size, digits - 1))
  const text = size.toFixed(Math.max(0, digits - 1 - power))
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
