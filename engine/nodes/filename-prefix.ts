// What a filename prefix may hold: `%year%` … `%second%`, `%width%`, `%height%`, `%batch_num%`,
// `%date:yyyy-MM-dd%` and, when it comes straight from a prompt, `%Node title.input%`.
import { isNumber } from '../graph/json.ts'
import type { Prompt } from '../graph/prompt.ts'

export interface PrefixFacts {
  now: Date
  size?: { width: number; height: number }
}

const twoDigits = (n: number): string => String(n).padStart(2, '0')

/** `yyyy`, `yy`, `MM`, `dd`, `hh`, `mm`, `ss` and their one-letter forms without a leading zero. */
function formatDate(now: Date, format: string): string {
  const parts: Record<string, number> = {
    y: now.getFullYear(),
    M: now.getMonth() + 1,
    d: now.getDate(),
    h: now.getHours(),
    m: now.getMinutes(),
    s: now.getSeconds(),
  }
  return format.replace(/y{1,4}|M{1,2}|d{1,2}|h{1,2}|m{1,2}|s{1,2}/g, token => {
    const value = parts[token[0]!]!
    if (token[0] === 'y') return token.length > 2 ? String(value) : String(value).slice(-2)
    return token.length === 2 ? twoDigits(value) : String(value)
  })
}

/** Fills in date and size; what it does not know stays as it is. */
export function expandPrefix(prefix: string, { now, size }: PrefixFacts): string {
  const values: Record<string, string> = {
    year: String(now.getFullYear()),
    month: twoDigits(now.getMonth() + 1),
    day: twoDigits(now.getDate()),
    hour: twoDigits(now.getHours()),
    minute: twoDigits(now.getMinutes()),
    second: twoDigits(now.getSeconds()),
    ...(size && { width: String(size.width), height: String(size.height) }),
  }
  return prefix
    .replace(/%date(?::([^%]*))?%/g, (_, format?: string) =>
      // A colon or slash in a date would be a folder, or no name at all on Windows.
      formatDate(now, format ?? 'yyyyMMddhhmmss').replace(/[:/\\]/g, '-'),
    )
    .replace(/%([a-z]+)%/g, (whole, name: string) => values[name] ?? whole)
}

/** Fills in `%Title.input%` from the node of that title (or class type) in the prompt. */
export function expandNodeValues(prefix: string, prompt: Prompt): string {
  return prefix.replace(/%([^%.]+)\.([^%]+)%/g, (whole, title: string, input: string) => {
    for (const node of Object.values(prompt)) {
      if (node._meta?.title !== title && node.class_type !== title) continue
      const value = node.inputs[input]
      if (typeof value === 'string' || typeof value === 'boolean' || isNumber(value))
        return String(value).replace(/[/?<>\\:*|"]/g, '_')
    }
    return whole
  })
}
