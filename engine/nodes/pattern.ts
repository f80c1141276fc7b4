// Python's regular expressions at work, in bounded time.
import { runInNewContext } from 'node:vm'
import { type PatternFlags, translatePattern } from './python-pattern.ts'

export interface Pattern {
  /** As it was written. */
  readonly source: string
  readonly expression: RegExp
}

/** A pattern that backtracks for longer than this is given up. */
const timeoutMs = 1000

/** @throws SyntaxError in words for a pattern that is none. */
export function compilePattern(source: string, flags: PatternFlags): Pattern {
  try {
    return { source, expression: translatePattern(source, flags) }
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: .*: /s, '')
    throw new SyntaxError(`“${source}” is no pattern that can be used: ${reason}.`)
  }
}

/** A script of its own, since only such a one can be stopped while it matches. */
const findAll = `
  const found = []
  for (const match of text.matchAll(expression)) {
    // V8 finds the empty text also between the two halves of a character.
    if (text.codePointAt(match.index - 1) > 0xffff) continue
    if (found.push(match) >= count) break
  }
  found`

/** All matches, or the first `count`. @throws Error in words when the pattern takes too long. */
export function runPattern(
  { source, expression }: Pattern,
  text: string,
  count = 100_000,
): RegExpExecArray[] {
  try {
    return runInNewContext(
      findAll,
      { text, expression, count },
      { timeout: timeoutMs },
    ) as RegExpExecArray[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new Error(
      `The pattern ${source} takes too long on this text. Make its repetitions simpler.`,
    )
  }
}

const controls: Record<string, string> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  '\\': '\\',
}

/**
 * `\\1`, `\\g<1>` and `\\g<name>` in a replacement, `\\n` and its like, `\\101` for a character.
 * @throws Error in words for a group that the pattern has not and for other letters
 */
export function expandReplacement(replacement: string, match: RegExpExecArray): string {
  return replacement.replace(
    /\\(?:g<([^>]*)>|(0[0-7]{0,2}|[1-3][0-7]{2})|(\d{1,2})|(.?))/gsu,
    (whole, name?: string, octal?: string, digits?: string, letter?: string) => {
      if (octal) return String.fromCodePoint(Number.parseInt(octal, 8))
      const key = name ?? digits
      if (key === undefined) {
        if (letter === '' || /[a-zA-Z]/.test(letter!))
          return controls[letter!] ?? fail(`the replacement's ${whole} means nothing`)
        return controls[letter!] ?? whole
      }
      const known = /^\d+$/.test(key) ? Number(key) < match.length : key in (match.groups ?? {})
      if (!known) fail(`the pattern has no group ${key}, which the replacement names`)
      return (/^\d+$/.test(key) ? match[Number(key)] : match.groups![key]) ?? ''
    },
  )
}

function fail(what: string): never {
  throw new Error(`Nothing can be replaced: ${what}.`)
}
