import { isObject, type JsonObject, readJson, writeJson } from '../../graph/json.ts'
import { defineNode, text } from '../define.ts'

export const jsonExtractString = defineNode({
  type: 'JsonExtractString',
  title: 'Extract Text from JSON',
  category: 'utils/string',
  about: 'The value of a key in the first JSON object of a text; nothing where there is none.',
  aliases: ['parse', 'key', 'field'],
  inputs: { json_string: text({ multiline: true }), key: text() },
  outputs: { STRING: 'STRING' },
  run({ json_string, key }) {
    const value = firstObject(json_string)?.[key]
    if (value === undefined || value === null) return { STRING: '' }
    return { STRING: typeof value === 'string' ? value : writeJson(value) }
  },
})

/** Attempts to read an object, however many braces a text has. */
const maxAttempts = 1000

/** The first brace that begins an object; models write words and code fences around it. */
function firstObject(source: string): JsonObject | undefined {
  let start = source.indexOf('{')
  for (let attempt = 0; start !== -1 && attempt < maxAttempts; attempt++) {
    const end = objectEnd(source, start)
    if (end !== undefined) {
      try {
        const value = readJson(source.slice(start, end))
        if (isObject(value)) return value
      } catch {
        // No JSON after all: look for the next brace.
      }
    }
    start = source.indexOf('{', start + 1)
  }
  return undefined
}

/** Behind the brace that closes the one at `start`, texts in quotes left out. */
function objectEnd(source: string, start: number): number | undefined {
  let depth = 0
  let quoted = false
  for (let at = start; at < source.length; at++) {
    const letter = source[at]
    if (quoted) {
      if (letter === '\\') at++
      else if (letter === '"') quoted = false
    } else if (letter === '"') quoted = true
    else if (letter === '{') depth++
    else if (letter === '}' && --depth === 0) return at + 1
  }
  return undefined
}
