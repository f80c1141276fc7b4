// Python's regular expressions as far as JavaScript's say the same, in bounded time.
import { runInNewContext } from 'node:vm'

export interface PatternFlags {
  case_insensitive?: boolean
  multiline?: boolean
  dotall?: boolean
}

/** A pattern that backtracks for longer than this is given up. */
const timeoutMs = 1000

/**
 * Translates what Python writes differently: `(?P<name>…)`, `(?P=name)`, `\\A`, `\\Z`.
 * @throws SyntaxError for a pattern that is none.
 */
export function compilePattern(source: string, flags: PatternFlags): RegExp {
  const translated = source
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, (_, name: string) => `\\k<${name}>`)
    .replace(/\\(\\|A|Z)/g, (whole, letter: string) =>
      letter === 'A' ? '(?<![^])' : letter === 'Z' ? '(?![^])' : whole,
    )
  return new RegExp(
    translated,
    `g${flags.case_insensitive ? 'i' : ''}${flags.multiline ? 'm' : ''}${flags.dotall ? 's' : ''}`,
  )
}

/** All matches, or the first `count`. @throws Error in words when the pattern takes too long. */
export function runPattern(pattern: RegExp, text: string, count = 100_000): RegExpExecArray[] {
  try {
    // Only a script of its own can be stopped while it matches.
    return runInNewContext(
      'const found = []; let n = 0; for (const match of text.matchAll(pattern)) { if (n++ >= count) break; found.push(match) } found',
      { text, pattern, count },
      { timeout: timeoutMs },
    ) as RegExpExecArray[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new Error(
      `The pattern ${pattern.source} takes too long on this text. Make its repetitions simpler.`,
    )
  }
}

/** `\\1`, `\\g<1>` and `\\g<name>` in a replacement, `\\n` and `\\t`. */
export function expandReplacement(replacement: string, match: RegExpExecArray): string {
  return replacement.replace(/\\(?:(\d{1,2})|g<(\w+)>|([nt\\]))/g, (_, digits, name, letter) => {
    if (letter) return { n: '\n', t: '\t', '\\': '\\' }[letter as string] ?? ''
    const key: string = digits ?? name
    return (/^\d+$/.test(key) ? match[Number(key)] : match.groups?.[key]) ?? ''
  })
}
