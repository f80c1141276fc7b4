// How a workflow file spells things. A field is read, written our way, and compared with the file:
// what differs goes into `rest` as it stood there, and is written back for as long as it still says
// what the document says. So a file that nobody touched comes back exactly, number by number.
import type { Mode } from './document.ts'
import { isNumber, isObject, type Json, type JsonObject, sameJson, toNumber } from './json.ts'

/** Key within `rest` for our notes on the file's form. Never written to a ComfyUI file. */
export const fileKey = '$file'

export const notesOf = (rest: JsonObject | undefined): JsonObject =>
  isObject(rest?.[fileKey]) ? rest[fileKey] : {}

export function withNotes(rest: JsonObject, notes: Record<string, Json | undefined>): JsonObject {
  const kept = Object.entries(notes).filter(
    (entry): entry is [string, Json] => entry[1] !== undefined,
  )
  return kept.length > 0 ? { ...rest, [fileKey]: Object.fromEntries(kept) } : rest
}

export const orUndefined = (rest: JsonObject): JsonObject | undefined =>
  Object.keys(rest).length > 0 ? rest : undefined

/** What of `raw` our own spelling does not say; and which of our keys the file lacks. */
export function leftover(raw: JsonObject, ours: JsonObject): JsonObject {
  const rest: JsonObject = {}
  for (const [key, value] of Object.entries(raw)) {
    if (!(key in ours) || !sameJson(value, ours[key])) rest[key] = value
  }
  const absent = Object.keys(ours).filter(key => !(key in raw))
  return withNotes(rest, { absent: absent.length > 0 ? absent : undefined })
}

/** What to write for a field that the file spelled otherwise: its spelling where that still holds. */
export type Reconcile = (key: string, spelled: Json, ours: Json) => Json

/** `ours` in the file's spelling, with everything we did not understand. */
export function restore(
  ours: JsonObject,
  rest: JsonObject | undefined,
  reconcile: Reconcile,
): JsonObject {
  if (!rest) return ours
  const json: JsonObject = {}
  const absent = list(notesOf(rest).absent)
  for (const [key, value] of Object.entries(ours)) {
    const spelled = rest[key]
    if (spelled !== undefined) json[key] = reconcile(key, spelled, value)
    else if (!absent.includes(key) || !isDefault(key, value)) json[key] = value
  }
  for (const [key, value] of Object.entries(rest)) {
    if (key !== fileKey && !(key in ours)) json[key] = value
  }
  return json
}

/** What a field that the file lacks was read as. */
const defaults: JsonObject = {
  title: '',
  pos: [0, 0],
  size: [210, 100],
  bounding: [0, 0, 140, 80],
  flags: {},
  mode: 0,
  inputs: [],
  outputs: [],
  link: null,
  links: [],
  linkIds: [],
  groups: [],
  nodes: [],
  name: '',
  type: '*',
  id: '',
}
const isDefault = (key: string, value: Json): boolean =>
  key in defaults && sameJson(value, defaults[key])

// ---- fields

/** `[x, y]`, or an object with keys "0" and "1" as typed arrays once were saved. */
export function readPair(value: Json | undefined, otherwise: [number, number]): [number, number] {
  const at = (index: number): number => {
    const item = Array.isArray(value)
      ? value[index]
      : isObject(value)
        ? value[String(index)]
        : undefined
    return isNumber(item) ? toNumber(item) : otherwise[index]!
  }
  return [at(0), at(1)]
}

export const readMode = (value: Json | undefined): Mode =>
  isNumber(value) && toNumber(value) === 2
    ? 'mute'
    : isNumber(value) && toNumber(value) === 4
      ? 'bypass'
      : 'always'

export const modeNumbers: Record<Mode, number> = { always: 0, mute: 2, bypass: 4 }

/** A choice's options once stood in place of the type; numbers and null mean anything. */
export function readType(value: Json | undefined): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? 'COMBO' : '*'
}

/** Ids that are whole numbers are written as numbers. */
export const writeId = (id: string): string | number =>
  /^-?(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id

export const readId = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : isNumber(value) ? String(value) : undefined

export const readText = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined

export const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])

/** The highest of the ids that are numbers. */
export const highest = (ids: Iterable<string>): number => {
  let most = 0
  for (const id of ids) if (/^\d+$/.test(id)) most = Math.max(most, Number(id))
  return most
}
