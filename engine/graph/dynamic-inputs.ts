// Inputs that come and go. A dynamic choice brings inputs of its own for each option
// (`resize_type` → `resize_type.width`); a growing row has as many sockets as are connected
// (`images.image0`, `images.image1` …). Here both are ordinary inputs with a dotted name and a
// condition; ComfyUI's `/object_info` nests them.
import type { InputDescription } from './catalogue.ts'
import { isNumber, isObject, type Json, type JsonObject, toNumber, writeJson } from './json.ts'

/** More than any node declares; a description from elsewhere may say anything. */
const maxGrown = 100

interface Conditional extends Pick<InputDescription, 'name' | 'when'> {
  /** Only a choice's default matters here. */
  widget?: unknown
}

/** Which inputs there are while the choices hold these values (unset ones hold their default). */
export function activeInputs<I extends Conditional>(
  inputs: readonly I[],
  values: Readonly<Record<string, unknown>>,
): readonly I[] {
  if (!inputs.some(input => input.when)) return inputs
  const there = new Map<string, I>()
  return inputs.filter(input => {
    const chooser = input.when && there.get(input.when.input)
    if (input.when && !(chooser && input.when.is.includes(chosen(chooser, values)))) return false
    there.set(input.name, input)
    return true
  })
}

function chosen({ name, widget }: Conditional, values: Readonly<Record<string, unknown>>): string {
  const value = values[name]
  return String(typeof value === 'string' ? value : (widget as { default?: unknown })?.default)
}

/**
 * Of a growing row the sockets that a node should have: the required ones, the connected ones and
 * one more.
 */
export function grownSockets(
  inputs: readonly InputDescription[],
  linked: (name: string) => boolean,
): readonly InputDescription[] {
  if (!inputs.some(input => input.grows)) return inputs
  const free = new Set<string>()
  return inputs.filter(({ name, grows, optional }) => {
    if (!grows || linked(name) || !optional) return true
    if (free.has(grows)) return false
    free.add(grows)
    return true
  })
}

// ---- ComfyUI's form

const dynamicComboType = 'COMFY_DYNAMICCOMBO_V3'
const autogrowType = 'COMFY_AUTOGROW_V3'

type ReadInput = (name: string, raw: Json | undefined, optional: boolean) => InputDescription[]
type WriteInput = (input: InputDescription) => Json[]

/** A nested entry of `/object_info` as flat inputs; nothing when it is an ordinary one. */
export function readDynamic(
  name: string,
  raw: Json | undefined,
  optional: boolean,
  read: ReadInput,
): InputDescription[] | undefined {
  const [type, options] = Array.isArray(raw) ? raw : []
  if (!isObject(options)) return undefined
  if (type === dynamicComboType && Array.isArray(options.options))
    return readChoice(name, options, optional, read)
  if (type === autogrowType && isObject(options.template))
    return readRow(name, options.template, read)
  return undefined
}

function readChoice(
  name: string,
  options: JsonObject,
  optional: boolean,
  read: ReadInput,
): InputDescription[] {
  const cases = (options.options as Json[]).filter(isObject)
  const keys = cases.map(({ key }) => String(key))
  const [chooser] = read(name, [keys, { tooltip: options.tooltip ?? null }], optional)
  // Options share an input where they describe it alike; else each has its own of that name.
  const brought = new Map<string, InputDescription>()
  for (const { key, inputs } of cases) {
    for (const input of readSections(name, isObject(inputs) ? inputs : {}, read)) {
      const likeness = writeJson(input)
      const known = brought.get(likeness)
      if (known?.when && input.when === undefined) known.when.is.push(String(key))
      else brought.set(likeness, { ...input, when: input.when ?? { input: name, is: [`${key}`] } })
    }
  }
  return [chooser!, ...brought.values()]
}

/** `{required: {width: […]}, optional: {…}}` with `prefix.` before each name. */
function readSections(prefix: string, sections: JsonObject, read: ReadInput): InputDescription[] {
  return (['required', 'optional'] as const).flatMap(section =>
    Object.entries(isObject(sections[section]) ? sections[section] : {}).flatMap(([name, raw]) =>
      read(`${prefix}.${name}`, raw, section === 'optional'),
    ),
  )
}

function readRow(group: string, template: JsonObject, read: ReadInput): InputDescription[] {
  const sections = isObject(template.input) ? template.input : {}
  const [raw] = ['required', 'optional'].flatMap(section =>
    Object.values(isObject(sections[section]) ? sections[section] : {}),
  )
  const number = (value: Json | undefined, otherwise: number) =>
    isNumber(value) ? toNumber(value) : otherwise
  const count = Math.min(number(template.max, maxGrown), maxGrown)
  const names = Array.isArray(template.names)
    ? template.names.slice(0, maxGrown).map(String)
    : Array.from({ length: count }, (_, i) => `${String(template.prefix ?? '')}${i}`)
  const min = number(template.min, 0)
  return names.flatMap((name, i) =>
    read(`${group}.${name}`, raw, i >= min).map(input => ({
      ...input,
      grows: group,
      socketOnly: true,
    })),
  )
}

/** What `/object_info` says of the required or of the optional inputs, in order. */
export function writeDynamic(
  inputs: readonly InputDescription[],
  write: WriteInput,
  optional: boolean,
): [name: string, spec: Json[]][] {
  const spec = (input: InputDescription): [string, Json[]] => {
    if (input.grows) return [input.grows, writeRow(input, inputs, write)]
    const chooses = inputs.some(({ when }) => when?.input === input.name)
    return [input.name, chooses ? writeChoice(input, inputs, write) : write(input)]
  }
  return inputs
    .filter(input => !input.when && (!input.grows || isFirst(input, inputs)))
    .filter(input => (input.grows ? false : input.optional) === optional)
    .map(spec)
}

const isFirst = (input: InputDescription, inputs: readonly InputDescription[]): boolean =>
  inputs.find(({ grows }) => grows === input.grows) === input

function writeChoice(
  chooser: InputDescription,
  inputs: readonly InputDescription[],
  write: WriteInput,
): Json[] {
  const keys = chooser.widget?.kind === 'choice' ? chooser.widget.options : []
  const options = keys.map(key => {
    const brought = inputs.filter(
      ({ when }) => when?.input === chooser.name && when.is.includes(String(key)),
    )
    const section = (optional: boolean) =>
      Object.fromEntries(
        brought
          .filter(input => input.optional === optional)
          .map(input => [input.name.slice(chooser.name.length + 1), write(input)]),
      )
    return { key, inputs: { required: section(false), optional: section(true) } }
  })
  return [
    dynamicComboType,
    { ...(chooser.about !== undefined && { tooltip: chooser.about }), options },
  ]
}

function writeRow(
  first: InputDescription,
  inputs: readonly InputDescription[],
  write: WriteInput,
): Json[] {
  const row = inputs.filter(({ grows }) => grows === first.grows)
  const names = row.map(({ name }) => name.slice(first.grows!.length + 1))
  const min = row.filter(({ optional }) => !optional).length
  const prefix = names[0]!.replace(/0$/, '')
  const numbered = names.every((name, i) => name === `${prefix}${i}`)
  const [type] = write(first)
  const input = {
    required: { [numbered ? prefix || 'value' : 'value']: [type!, {}] },
    optional: {},
  }
  return [
    autogrowType,
    {
      template: numbered ? { input, prefix, min, max: names.length } : { input, names, min },
    },
  ]
}
