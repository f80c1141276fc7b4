// Python's arithmetic, as expressions of one line: numbers, names, operators, a few functions.
// Nothing else can be reached from it.
import { roundHalfEven } from '../image/resize.ts'

const charactersMax = 1000
/** Parentheses, signs and powers within each other; deeper ones would exhaust the stack. */
const nestingMax = 100

const functions: Record<string, (...values: number[]) => number> = {
  abs: Math.abs,
  ceil: Math.ceil,
  cos: Math.cos,
  exp: Math.exp,
  float: x => x,
  floor: Math.floor,
  int: Math.trunc,
  log: (x, base = Math.E) => Math.log(x) / Math.log(base),
  log10: Math.log10,
  log2: Math.log2,
  max: Math.max,
  min: Math.min,
  pow: (x, y) => x ** y,
  round: (x, digits = 0) => roundHalfEven(x * 10 ** digits) / 10 ** digits,
  sin: Math.sin,
  sqrt: Math.sqrt,
  tan: Math.tan,
}
const constants: Record<string, number> = { True: 1, False: 0, pi: Math.PI, e: Math.E }

const whole = (value: number): bigint => {
  if (!Number.isInteger(value)) throw new Error(`${value} is no whole number, which bits need.`)
  return BigInt(value)
}
const bits = (f: (a: bigint, b: bigint) => bigint) => (a: number, b: number) =>
  Number(f(whole(a), whole(b)))
const shift = (f: (a: bigint, b: bigint) => bigint) => (a: number, b: number) => {
  if (b < 0 || b > 1000) throw new Error('Shifts go from 0 to 1000 bits.')
  return bits(f)(a, b)
}

function divided(a: number, b: number): number {
  if (b === 0) throw new Error('The expression divides by 0.')
  return a / b
}

type Binary = (a: number, b: number) => number

/** Of the table itself: names such as `constructor` mean nothing. */
const entry = <T>(table: Record<string, T>, name: string | undefined): T | undefined =>
  name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined

/** From the loosest to the tightest. Comparisons stand on a level of their own, since they chain. */
const comparisons: Record<string, Binary> = {
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
}
const levels: Record<string, Binary>[] = [
  { '|': bits((a, b) => a | b) },
  { '^': bits((a, b) => a ^ b) },
  { '&': bits((a, b) => a & b) },
  { '<<': shift((a, b) => a << b), '>>': shift((a, b) => a >> b) },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  {
    '*': (a, b) => a * b,
    '/': divided,
    '//': (a, b) => Math.floor(divided(a, b)),
    '%': (a, b) => a - b * Math.floor(divided(a, b)),
  },
]

const token =
  /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*)|(\*\*|\/\/|<<|>>|[=!<>]=|[-+*/%&|^~<>(),]))/y

function tokens(text: string): string[] {
  if (text.length > charactersMax)
    throw new Error(`The expression is longer than ${charactersMax} characters.`)
  const found: string[] = []
  token.lastIndex = 0
  const end = text.trimEnd().length
  while (token.lastIndex < end) {
    const at = token.lastIndex
    const match = token.exec(text)
    if (!match)
      throw new Error(`The expression has something unknown at "${text.slice(at, at + 12)}".`)
    found.push(match[0].trim())
  }
  return found
}

/** A value that is worked out only where it counts: `a % b if b > 0 else 0`. */
type Lazy = () => number

/** @throws Error in words for what is no expression, unknown names and divisions by 0. */
export function evaluateExpression(text: string, values: Record<string, number>): number {
  const rest = tokens(text)
  const next = () => rest[0]
  const take = (wanted: string): boolean => {
    if (next() !== wanted) return false
    rest.shift()
    return true
  }
  const expect = (wanted: string) => {
    if (!take(wanted))
      throw new Error(`The expression lacks "${wanted}" before "${next() ?? 'its end'}".`)
  }

  let depth = 0
  const nested = (inner: () => Lazy): Lazy => {
    if (++depth > nestingMax) throw new Error('The expression is nested too deeply.')
    const value = inner()
    depth--
    return value
  }

  const conditional = (): Lazy => nested(choice)
  const choice = (): Lazy => {
    const yes = either()
    if (!take('if')) return yes
    const condition = either()
    expect('else')
    const no = conditional()
    return () => (condition() ? yes() : no())
  }
  const either = (): Lazy => {
    let left = both()
    while (take('or')) {
      const [first, second] = [left, both()]
      left = () => first() || second()
    }
    return left
  }
  const both = (): Lazy => {
    let left = negated()
    while (take('and')) {
      const [first, second] = [left, negated()]
      left = () => first() && second()
    }
    return left
  }
  const negated = (): Lazy => {
    if (!take('not')) return compared()
    const value = nested(negated)
    return () => Number(!value())
  }
  const compared = (): Lazy => {
    const parts = [binary(0)]
    const signs: Binary[] = []
    for (let sign = entry(comparisons, next()); sign; sign = entry(comparisons, next())) {
      rest.shift()
      signs.push(sign)
      parts.push(binary(0))
    }
    if (signs.length === 0) return parts[0]!
    return () => Number(signs.every((sign, i) => sign(parts[i]!(), parts[i + 1]!())))
  }
  const binary = (level: number): Lazy => {
    const operators = levels[level]
    if (!operators) return unary()
    let left = binary(level + 1)
    for (let f = entry(operators, next()); f; f = entry(operators, next())) {
      rest.shift()
      const [apply, first, second] = [f, left, binary(level + 1)]
      left = () => apply(first(), second())
    }
    return left
  }
  const unary = (): Lazy => nested(signed)
  const signed = (): Lazy => {
    if (take('+')) return unary()
    if (take('-')) {
      const value = unary()
      return () => -value()
    }
    if (take('~')) {
      const value = unary()
      return () => Number(~whole(value()))
    }
    return power()
  }
  const power = (): Lazy => {
    const base = primary()
    if (!take('**')) return base
    const exponent = unary()
    return () => base() ** exponent()
  }
  const primary = (): Lazy => {
    if (take('(')) {
      const inner = conditional()
      expect(')')
      return inner
    }
    const word = rest.shift()
    if (word === undefined) throw new Error('The expression ends too early.')
    if (/^[\d.]/.test(word)) return () => Number(word)
    if (take('(')) return called(word)
    const value = entry(values, word) ?? entry(constants, word)
    if (value === undefined)
      throw new Error(
        `"${word}" is not known here. Connect a value to it, or use ${Object.keys(functions).join(', ')}.`,
      )
    return () => value
  }
  const called = (name: string): Lazy => {
    const f = entry(functions, name)
    if (!f) throw new Error(`There is no function "${name}" in expressions.`)
    const inputs = next() === ')' ? [] : [conditional()]
    while (take(',')) inputs.push(conditional())
    expect(')')
    return () => f(...inputs.map(input => input()))
  }

  const result = conditional()
  if (rest.length > 0) throw new Error(`The expression has "${rest[0]}" where it should end.`)
  const value = result()
  if (!Number.isFinite(value)) throw new Error(`The expression gives ${value}, which is no number.`)
  return value
}
