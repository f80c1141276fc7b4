// ComfyUI's `GET /object_info` ⇄ our catalogue. Facts of its shape: an input is `[type, options?]`,
// a choice is `[[option, …], options?]` or `['COMBO', {options: […]}]`, hidden inputs are a map of
// name to what fills them in.
import {
  type Catalogue,
  type HiddenInput,
  type InputDescription,
  type NodeDescription,
  type OutputDescription,
  unboundedFloat,
  unboundedInt,
  type Widget,
} from './catalogue.ts'
import { readDynamic, writeDynamic } from './dynamic-inputs.ts'
import {
  isNumber,
  isObject,
  type Json,
  type JsonNumber,
  type JsonObject,
  LosslessNumber,
  plainJson,
  plainNumber,
  sameJson,
  toNumber,
} from './json.ts'

/** Reads what a ComfyUI answers at `/object_info`. What is no node description is left out. */
export function catalogueFromObjectInfo(json: JsonObject): Catalogue {
  const catalogue: Catalogue = {}
  for (const [type, info] of Object.entries(json)) {
    if (isObject(info) && isObject(info.input)) catalogue[type] = readNode(type, info)
  }
  return catalogue
}

/** What `GET /object_info` answers for these nodes; virtual ones live on the page only. */
export function objectInfoOf(catalogue: Catalogue): JsonObject {
  const json: JsonObject = {}
  for (const description of Object.values(catalogue)) {
    if (!description.virtual) json[description.type] = writeNode(description)
  }
  return json
}

/** `[type, options]` of one input, as `/object_info` and validation errors show it. */
export const inputSpec = (input: InputDescription): Json[] => input.spec ?? writeInput(input)

// ---- reading

const knownKeys = new Set([
  'input',
  'input_order',
  'output',
  'output_is_list',
  'output_name',
  'output_tooltips',
  'name',
  'display_name',
  'description',
  'category',
  'output_node',
  'deprecated',
  'experimental',
  'is_input_list',
  'search_aliases',
])

function readNode(type: string, info: JsonObject): NodeDescription {
  const input = info.input as JsonObject
  const rest = Object.entries(info).filter(
    ([key, value]) => !knownKeys.has(key) || saysNothing(value),
  )
  return {
    type,
    title: text(info.display_name) || type,
    category: text(info.category),
    about: text(info.description),
    inputs: [
      ...readSection(input.required, order(info, 'required'), false),
      ...readSection(input.optional, order(info, 'optional'), true),
    ],
    outputs: readOutputs(info),
    hidden: readHidden(input.hidden),
    outputNode: info.output_node === true,
    inputIsList: info.is_input_list === true || undefined,
    deprecated: info.deprecated === true || undefined,
    experimental: info.experimental === true || undefined,
    aliases: Array.isArray(info.search_aliases) ? info.search_aliases.map(text) : undefined,
    rest: rest.length > 0 ? (plainJson(Object.fromEntries(rest)) as JsonObject) : undefined,
  }
}

/** `deprecated: false` and `output_tooltips: [null]`: kept only to be said again. */
const saysNothing = (value: Json): boolean =>
  value === false ||
  (Array.isArray(value) && value.length > 0 && value.every(item => item === null))

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

function order(info: JsonObject, section: string): string[] {
  const listed = isObject(info.input_order) ? info.input_order[section] : undefined
  return Array.isArray(listed) ? listed.map(text) : []
}

function readSection(
  section: Json | undefined,
  listed: string[],
  optional: boolean,
): InputDescription[] {
  if (!isObject(section)) return []
  const names = new Set([...listed.filter(name => name in section), ...Object.keys(section)])
  return [...names].flatMap(name => readInputs(name, section[name], optional))
}

const readInputs = (name: string, raw: Json | undefined, optional: boolean): InputDescription[] =>
  readDynamic(name, raw, optional, readInputs) ?? [readInput(name, raw, optional)]

function readInput(name: string, raw: Json | undefined, optional: boolean): InputDescription {
  const spec = (Array.isArray(raw) ? plainJson(raw) : [raw ?? '*']) as Json[]
  const options = isObject(spec[1]) ? spec[1] : {}
  const input: InputDescription = {
    name,
    type: Array.isArray(spec[0]) ? 'COMBO' : text(spec[0]) || '*',
    optional,
    widget: readWidget(name, spec[0] ?? '*', options),
    about: text(options.tooltip) || undefined,
    socketOnly: options.forceInput === true || undefined,
    advanced: options.advanced === true || undefined,
    lazy: options.lazy === true || undefined,
  }
  return sameJson(plainJson(writeInput(input)), spec) ? input : { ...input, spec }
}

function readWidget(name: string, type: Json, options: JsonObject): Widget | undefined {
  const listed = Array.isArray(type) ? type : type === 'COMBO' ? options.options : undefined
  if (Array.isArray(listed)) return readChoice(listed, options)
  switch (type) {
    case 'INT':
      return readInt(name, options)
    case 'FLOAT':
      return {
        kind: 'float',
        default: number(options.default, 0),
        min: number(options.min, -unboundedFloat),
        max: number(options.max, unboundedFloat),
        step: number(options.step, 0.5),
        round: isNumber(options.round) ? toNumber(options.round) : undefined,
      }
    case 'STRING':
      return {
        kind: 'text',
        default: text(options.default),
        multiline: options.multiline === true,
        dynamicPrompts: options.dynamicPrompts === true || undefined,
      }
    case 'BOOLEAN':
      return {
        kind: 'toggle',
        default: options.default === true,
        on: text(options.label_on) || undefined,
        off: text(options.label_off) || undefined,
      }
    // A choice whose options the page would fetch: empty here, any value allowed.
    case 'COMBO':
      return readChoice([], options)
  }
}

function readInt(name: string, options: JsonObject): Widget {
  const max = isNumber(options.max) ? plainNumber(options.max) : unboundedInt
  const controlled = isControlled(options.control_after_generate)
  return {
    kind: 'int',
    default: Math.trunc(number(options.default, 0)),
    min: number(options.min, -unboundedInt),
    max,
    step: number(options.step, 1),
    seed: controlled || name === 'seed' || name === 'noise_seed' || undefined,
  }
}

/** `true`, or the name of the first setting (`fixed` …). */
const isControlled = (value: Json | undefined): boolean =>
  value === true || (typeof value === 'string' && value !== '')

function readChoice(options: Json[], of: JsonObject): Widget {
  return {
    kind: 'choice',
    default: of.default ?? options[0] ?? null,
    options,
    folder: text(of.image_folder) || undefined,
    upload: of.image_upload === true ? 'image' : undefined,
    control: isControlled(of.control_after_generate) || undefined,
  }
}

const number = (value: Json | undefined, otherwise: number): number =>
  isNumber(value) ? toNumber(value) : otherwise

function readOutputs(info: JsonObject): OutputDescription[] {
  if (!Array.isArray(info.output)) return []
  const at = (key: string, index: number): Json | undefined =>
    Array.isArray(info[key]) ? info[key][index] : undefined
  return info.output.map((type, index) => ({
    name: text(at('output_name', index)) || (Array.isArray(type) ? 'COMBO' : text(type)),
    type: Array.isArray(type) ? 'COMBO' : text(type) || '*',
    list: at('output_is_list', index) === true || undefined,
    about: text(at('output_tooltips', index)) || undefined,
  }))
}

const hiddenTypes = new Set<string>(['PROMPT', 'EXTRA_PNGINFO', 'UNIQUE_ID', 'DYNPROMPT'])

function readHidden(section: Json | undefined): Record<string, HiddenInput> {
  const hidden: Record<string, HiddenInput> = {}
  for (const [name, filler] of Object.entries(isObject(section) ? section : {})) {
    const kind = text(Array.isArray(filler) ? filler[0] : filler)
    if (hiddenTypes.has(kind)) hidden[name] = kind as HiddenInput
  }
  return hidden
}

// ---- writing

function writeNode(node: NodeDescription): JsonObject {
  const section = (wanted: boolean): [string, Json[]][] =>
    writeDynamic(node.inputs, inputSpec, wanted)
  const required = section(false)
  const optional = section(true)
  const specs = (inputs: [string, Json[]][]): JsonObject => Object.fromEntries(inputs)
  const names = (inputs: [string, Json[]][]): string[] => inputs.map(([name]) => name)
  const hasHidden = Object.keys(node.hidden).length > 0
  const json: JsonObject = {
    input: {
      required: specs(required),
      ...(optional.length > 0 && { optional: specs(optional) }),
      ...(hasHidden && { hidden: { ...node.hidden } }),
    },
    input_order: {
      required: names(required),
      ...(optional.length > 0 && { optional: names(optional) }),
      ...(hasHidden && { hidden: Object.keys(node.hidden) }),
    },
    output: node.outputs.map(output => output.type),
    output_is_list: node.outputs.map(output => output.list ?? false),
    output_name: node.outputs.map(output => output.name),
    name: node.type,
    display_name: node.title,
    description: node.about,
    python_module: 'nodes',
    category: node.category,
    output_node: node.outputNode,
  }
  if (node.outputs.some(output => output.about)) {
    json.output_tooltips = node.outputs.map(output => output.about ?? null)
  }
  if (node.inputIsList) json.is_input_list = true
  if (node.deprecated) json.deprecated = true
  if (node.experimental) json.experimental = true
  if (node.aliases) json.search_aliases = node.aliases
  return { ...json, ...node.rest }
}

function writeInput(input: InputDescription): Json[] {
  const options = compact({
    ...(input.widget && writeWidget(input.widget)),
    tooltip: input.about,
    forceInput: input.socketOnly,
    advanced: input.advanced,
    lazy: input.lazy,
  })
  const type = input.widget?.kind === 'choice' ? input.widget.options : input.type
  return Object.keys(options).length > 0 ? [type, options] : [type]
}

type Options = Record<string, Json | undefined>

function writeWidget(widget: Widget): Options {
  switch (widget.kind) {
    case 'int':
      return {
        default: widget.default,
        min: widget.min === -unboundedInt ? undefined : widget.min,
        max: widget.max === unboundedInt ? undefined : widget.max,
        step: widget.step === 1 ? undefined : widget.step,
        control_after_generate: widget.seed,
      }
    case 'float':
      return {
        default: float(widget.default),
        min: widget.min === -unboundedFloat ? undefined : float(widget.min),
        max: widget.max === unboundedFloat ? undefined : float(widget.max),
        step: float(widget.step),
        round: widget.round === undefined ? undefined : float(widget.round),
      }
    case 'text':
      return {
        default: widget.default === '' ? undefined : widget.default,
        multiline: widget.multiline || undefined,
        dynamicPrompts: widget.dynamicPrompts,
      }
    case 'toggle':
      return { default: widget.default, label_on: widget.on, label_off: widget.off }
    case 'choice':
      return {
        default: sameJson(widget.default, widget.options[0] ?? null) ? undefined : widget.default,
        image_upload: widget.upload === undefined ? undefined : true,
        control_after_generate: widget.control,
      }
  }
}

/** `8` is written `8.0`, so that a Python client reads a float. */
const float = (value: number): JsonNumber =>
  Number.isInteger(value) && Math.abs(value) < 1e15 ? new LosslessNumber(value.toFixed(1)) : value

const compact = (options: Options): JsonObject =>
  Object.fromEntries(
    Object.entries(options).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  )
