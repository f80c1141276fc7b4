// Python's regular expressions as JavaScript's: the same text, where the two read it differently
// written anew. https://docs.python.org/3/library/re.html
// Missing: possessive and atomic groups, conditions, names of characters; they are refused.

export interface PatternFlags {
  case_insensitive?: boolean
  multiline?: boolean
  dotall?: boolean
  /** `(?x)`: spaces and comments count for nothing. */
  verbose?: boolean
}

/** What Python takes for a space: not the byte order mark, but some controls more. Of a set. */
export const pythonSpaces =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

/** What Python's classes hold of Unicode; JavaScript's know ASCII only, and other spaces. */
const sets: Record<string, string> = {
  d: '\\p{Nd}',
  w: '\\p{L}\\p{N}_',
  s: pythonSpaces,
}
const before = `(?<=[${sets.w}])`
const after = `(?=[${sets.w}])`
const notBefore = `(?<![${sets.w}])`
const notAfter = `(?![${sets.w}])`

const places: Record<string, string> = {
  A: '(?<![^])',
  Z: '(?![^])',
  b: `(?:${before}${notAfter}|${notBefore}${after})`,
  B: `(?:${before}${after}|${notBefore}${notAfter})`,
}
const controls: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 }
const hexDigits: Record<string, number> = { x: 2, u: 4, U: 8 }

const literal = (code: number): string => `\\u{${code.toString(16)}}`
const refuse = (what: string): never => {
  throw new SyntaxError(what)
}

/** A character, or a set of them as it stands in brackets. */
interface Item {
  code?: number
  set?: string
}

/** @throws SyntaxError for a pattern that Python refuses or that has no counterpart */
export function translatePattern(source: string, given: PatternFlags): RegExp {
  const letters = [...source]
  let at = 0
  const rest = () => letters.slice(at).join('')
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const match = pattern.exec(rest())
    if (match) at += [...match[0]].length
    return match
  }

  /** Behind a backslash: what both a class and the rest of a pattern know. */
  function escaped(): Item {
    const letter = letters[at++] ?? refuse('a backslash ends the pattern')
    const set = sets[letter.toLowerCase()]
    if (set) return { set: letter === letter.toLowerCase() ? set : `[^${set}]` }
    const octal = letter === '0' ? take(/^[0-7]{0,2}/) : undefined
    if (octal) return { code: Number.parseInt(`0${octal[0]}`, 8) }
    const digits = hexDigits[letter]
    if (digits) {
      const [hex] = take(new RegExp(`^[0-9a-fA-F]{${digits}}`)) ?? refuse(`\\${letter} is cut off`)
      return { code: Number.parseInt(hex!, 16) }
    }
    const control = controls[letter]
    if (control !== undefined) return { code: control }
    if (/[a-zA-Z1-9]/.test(letter)) refuse(`\\${letter} means nothing`)
    return { code: letter.codePointAt(0)! }
  }

  function item(): Item {
    const letter = letters[at++] ?? refuse('a set is not closed')
    return letter === '\\' ? escaped() : { code: letter.codePointAt(0)! }
  }

  function set(): string {
    let out = take(/^\^/) ? '[^' : '['
    for (let first = true; first || letters[at] !== ']'; first = false) {
      const from = item()
      const ranges = letters[at] === '-' && at + 1 < letters.length && letters[at + 1] !== ']'
      if (ranges) at++
      const to = ranges ? item() : undefined
      if (to && (from.code === undefined || to.code === undefined)) refuse('a range has no end')
      out += from.set ?? literal(from.code!)
      if (to) out += `-${literal(to.code!)}`
    }
    at++
    return `${out}]`
  }

  /** Behind an opening bracket. Flags hold up to its end. */
  function opening(): string {
    if (take(/^\?#[^)]*\)/)) return ''
    const named = take(/^\?P<([^>]+)>/)
    if (named) {
      open.push(flags)
      return `(?<${named[1]}>`
    }
    const repeated = take(/^\?P=([^)]+)\)/)
    if (repeated) return `\\k<${repeated[1]}>`
    const changed = take(/^\?([aimsxLu]*)(?:-([imsx]+))?([:)])/)
    if (changed) return flagged(changed)
    open.push(flags)
    const plain = take(/^\?(?:=|!|<=|<!)/)
    if (!plain && letters[at] === '?') refuse(`(${letters.slice(at, at + 3).join('')}…`)
    return `(${plain?.[0] ?? ''}`
  }

  function flagged([, on = '', off = '', end]: RegExpExecArray): string {
    const held = (letter: string, now?: boolean) =>
      (now || on.includes(letter)) && !off.includes(letter)
    const next = {
      case_insensitive: held('i', flags.case_insensitive),
      multiline: held('m', flags.multiline),
      dotall: held('s', flags.dotall),
      verbose: held('x', flags.verbose),
    }
    if (end === ':') {
      open.push(flags)
      flags = next
      return next.case_insensitive ? '(?i:' : '(?-i:'
    }
    if (parts.length > 0) refuse('flags stand at the beginning')
    flags = next
    whole = next
    return ''
  }

  function one(letter: string): string {
    switch (letter) {
      case '.':
        return flags.dotall ? '[^]' : '[^\\n]'
      case '^':
        return flags.multiline ? '(?<![^\\n])' : places.A!
      case '$':
        return flags.multiline ? '(?![^\\n])' : '(?=\\n?(?![^]))'
      case '[':
        return set()
      case '(':
        return opening()
      case ')':
        flags = open.pop() ?? refuse('a bracket is closed that was not opened')
        return letter
      case '{': {
        const [, least, comma, most] = take(/^(\d*)(?:(,)(\d*))?\}/) ?? []
        if (!least && !comma) return '\\{'
        return `{${least || 0}${comma ? `,${most}` : ''}}`
      }
      case '\\': {
        const place = places[letters[at] ?? '']
        if (place) {
          at++
          return place
        }
        const group = take(/^[1-9]\d?/)
        if (group) return `(?:\\${group[0]})`
        const { code, set } = escaped()
        return set ? `[${set}]` : literal(code!)
      }
    }
    return /[*+?|]/.test(letter) ? letter : literal(letter.codePointAt(0)!)
  }

  const open: PatternFlags[] = []
  const parts: string[] = []
  let flags = given
  let whole = given
  while (at < letters.length) {
    const letter = letters[at++]!
    if (flags.verbose && /\s/.test(letter)) continue
    if (flags.verbose && letter === '#') take(/^[^\n]*/)
    else {
      const part = one(letter)
      if (part) parts.push(part)
    }
  }
  return new RegExp(parts.join(''), whole.case_insensitive ? 'giv' : 'gv')
}
