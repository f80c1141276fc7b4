// A node is one file and one object. `defineNode` reads the types of `run` off the inputs and
// outputs, so a wrong output is a compile error; `describe` derives everything else from it.
import type {
  Catalogue,
  HiddenInput,
  InputDescription,
  NodeDescription,
  Widget,
} from '../graph/catalogue.ts'
import type { Json, JsonObject } from '../graph/json.ts'
import type { Prompt } from '../graph/prompt.ts'
import type {
  Conditioning,
  ControlNet,
  DiffusionModel,
  Gligen,
  Latent,
  ModelPatch,
  StyleModel,
  TextEncoderModel,
  UpscaleModel,
  Vae,
  VisionModel,
  VisionOutput,
} from '../models/kinds.ts'
import type { Expansion } from '../run/expansion.ts'
import type { Guider } from '../sampling/guiders.ts'
import type { HookKeyframe, Hooks } from '../sampling/hooks.ts'
import type { LatentOperation } from '../sampling/latent-operations.ts'
import type { Noise } from '../sampling/sample.ts'
import type { RunSampler } from '../sampling/samplers/registry.ts'
import type { Tensor } from '../tensor.ts'
import type { TimestepsRange } from './conditioning-properties.ts'
import type { Files } from './files.ts'
import type { Models } from './models.ts'

/** What may flow along a link. A family of nodes adds a kind by adding a line here. */
export interface Kinds {
  IMAGE: Tensor
  MASK: Tensor
  /** Either: a picture has four dimensions, a mask fewer. */
  'IMAGE,MASK': Tensor
  'INT,FLOAT,STRING,BOOLEAN': number | bigint | string | boolean
  LATENT: Latent
  CONDITIONING: Conditioning
  MODEL: DiffusionModel
  CLIP: TextEncoderModel
  VAE: Vae
  UPSCALE_MODEL: UpscaleModel
  SAMPLER: RunSampler
  /** Noise levels of a run, descending. */
  SIGMAS: Float32Array
  NOISE: Noise
  GUIDER: Guider
  LATENT_OPERATION: LatentOperation
  CONTROL_NET: ControlNet
  CLIP_VISION: VisionModel
  /** LoRAs that hold for single prompts. */
  HOOKS: Hooks
  HOOK_KEYFRAMES: readonly HookKeyframe[]
  TIMESTEPS_RANGE: TimestepsRange
  CLIP_VISION_OUTPUT: VisionOutput
  STYLE_MODEL: StyleModel
  GLIGEN: Gligen
  MODEL_PATCH: ModelPatch
  INT: number | bigint
  FLOAT: number
  /** One for each of several; custom nodes make them. */
  FLOATS: number | readonly number[]
  STRING: string
  BOOLEAN: boolean
  '*': unknown
}
export type Kind = keyof Kinds

/** One declared input; `T` is what `run` receives. */
export interface Field<T = unknown> {
  readonly type: string
  readonly widget?: Widget | ((context: DescribeContext) => Widget)
  readonly about?: string
  readonly optional?: boolean
  readonly socketOnly?: boolean
  readonly advanced?: boolean
  readonly lazy?: boolean
  /** There only while the choice `input` holds one of these options. */
  readonly when?: { readonly input: string; readonly is: readonly string[] }
  /** One of a row of this name that grows as it is connected. */
  readonly grows?: string
  /** `run` gets the link itself, `[node id, slot]`; its source still runs first. */
  readonly rawLink?: boolean
  /** Only for the compiler. */
  readonly value?: T
}

/** What a description needs from this machine: names of files in a folder (models, `input`). */
export interface DescribeContext {
  files(folder: string): string[]
}

interface About {
  about?: string
  advanced?: boolean
}

export const socket = <K extends Kind>(type: K, about?: string): Field<Kinds[K]> => ({
  type,
  about,
})

export const int = (
  o: { default: number; min?: number; max?: number | bigint; step?: number } & About,
): Field<number> => ({
  type: 'INT',
  widget: {
    kind: 'int',
    default: o.default,
    min: o.min ?? 0,
    max: o.max ?? 2048,
    step: o.step ?? 1,
  },
  about: o.about,
  advanced: o.advanced,
})

/** 0 … 2^64-1 with a control-after-generate companion; a bigint, since doubles end at 2^53. */
export const seed = (about?: string): Field<bigint> => ({
  type: 'INT',
  widget: { kind: 'int', default: 0, min: 0, max: 0xffff_ffff_ffff_ffffn, step: 1, seed: true },
  about,
})

export const float = (
  o: { default: number; min?: number; max?: number; step?: number; round?: number } & About,
): Field<number> => ({
  type: 'FLOAT',
  widget: {
    kind: 'float',
    default: o.default,
    min: o.min ?? 0,
    max: o.max ?? 2048,
    step: o.step ?? 0.5,
    round: o.round,
  },
  about: o.about,
  advanced: o.advanced,
})

export const text = (
  o: { default?: string; multiline?: boolean; dynamicPrompts?: boolean } & About = {},
): Field<string> => ({
  type: 'STRING',
  widget: {
    kind: 'text',
    default: o.default ?? '',
    multiline: o.multiline ?? false,
    dynamicPrompts: o.dynamicPrompts,
  },
  about: o.about,
})

export const toggle = (
  o: { default?: boolean; on?: string; off?: string } & About = {},
): Field<boolean> => ({
  type: 'BOOLEAN',
  widget: { kind: 'toggle', default: o.default ?? false, on: o.on, off: o.off },
  about: o.about,
})

export const choice = <const O extends string>(
  options: readonly O[],
  o: { default?: NoInfer<O> } & About = {},
): Field<O> => ({
  type: 'COMBO',
  widget: { kind: 'choice', default: o.default ?? options[0]!, options: [...options] },
  about: o.about,
})

/** A file of a models folder (`checkpoints`, `loras` …) or of `input`, chosen by name. */
export const file = (
  folder: string,
  o: { upload?: 'image' | 'mask' } & About = {},
): Field<string> => ({
  type: 'COMBO',
  widget: ({ files }) => {
    const options = files(folder)
    return { kind: 'choice', default: options[0] ?? null, options, folder, upload: o.upload }
  },
  about: o.about,
})

export const optional = <T>(field: Field<T>): Field<T | undefined> =>
  ({ ...field, optional: true }) as Field<T | undefined>

/** Evaluated only when `needs` names it. */
export const lazy = <T>(field: Field<T>): Field<T | undefined> =>
  ({ ...field, lazy: true }) as Field<T | undefined>

/** An input that a choice brings along: there while `chooser` holds one of `options`. */
export const when = <T>(
  chooser: string,
  options: readonly string[],
  field: Field<T>,
): Field<T | undefined> =>
  ({ ...field, when: { input: chooser, is: options } }) as Field<T | undefined>

/**
 * A row of sockets `row.name`, one for each name, that grows as they are connected. The first `min`
 * must be. `run` reads them with `grown`.
 */
export const growing = <T>(
  row: string,
  names: readonly string[],
  field: Field<T>,
  min = 1,
): Record<string, Field<T | undefined>> =>
  Object.fromEntries(
    names.map((name, i) => [
      `${row}.${name}`,
      { ...field, grows: row, optional: i >= min } as Field<T | undefined>,
    ]),
  )

/** `image0`, `image1` … */
export const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)

/** What came over a growing row, in its order, by the names of its sockets. */
export const grown = <T>(row: string, inputs: Record<string, unknown>): [string, T][] =>
  Object.entries(inputs).flatMap(([name, value]) =>
    name.startsWith(`${row}.`) && value !== undefined
      ? [[name.slice(row.length + 1), value as T] as [string, T]]
      : [],
  )

/** A small encoded picture of work in progress. */
export interface Preview {
  mime: 'image/jpeg' | 'image/png'
  bytes: Uint8Array
}

/** What the executor hands to `run` beside the inputs. */
export interface RunContext {
  readonly nodeId: string
  readonly signal: AbortSignal
  /** `doing`: words for what has to be done once before the node's own work. */
  progress(done: number, of: number, preview?: Preview, doing?: string): void
  /** Whether anybody looks: a sampler skips making previews otherwise. */
  readonly previews: boolean
  readonly files: Files
  readonly models: Models
  /** The API form as it was queued, and what the client wants in the picture's text chunks. */
  readonly prompt: Prompt
  readonly pngInfo: JsonObject
}

/** What an output node shows: files written, texts. ComfyUI's `ui` object. */
export type Shown = Record<string, Json[]>

/** Makes an output node's answer: `return { ...outputs, [ui]: { images: […] } }`. */
export const ui: unique symbol = Symbol('ui')

/**
 * In the place of a value: nodes that would receive it do not run, and the run goes on without them.
 * With a message, the first such node says it.
 */
export class Blocker {
  readonly message: string | undefined
  constructor(message?: string) {
    this.message = message
  }
}

/** `return { image: blocked('The mask is empty.') }` fits an output of any type. */
export const blocked = (message?: string): never => new Blocker(message) as never

/** Adds nodes to the running graph: `return { image: blend.output(0), [expand]: graph }`. */
export const expand: unique symbol = Symbol('expand')

// biome-ignore lint/suspicious/noExplicitAny: fields of every type, each kept exact by inference
type Fields = Record<string, Field<any>>
type Values<I extends Fields> = { [N in keyof I]: I[N] extends Field<infer T> ? T : never }
type Outputs = Record<string, Kind>
type Answer<O extends Outputs> = { [N in keyof O]: Kinds[O[N]] } & {
  [ui]?: Shown
  [expand]?: Expansion
}

// biome-ignore lint/suspicious/noExplicitAny: a list of nodes cannot name the types of each
export interface NodeType<I extends Fields = any, O extends Outputs = any> {
  /** ComfyUI's class type. */
  type: string
  title: string
  category: string
  about: string
  inputs: I
  outputs: O
  hidden?: Record<string, HiddenInput>
  outputNode?: boolean
  virtual?: boolean
  /** Only expansions add it; nobody is offered it. */
  internal?: boolean
  deprecated?: boolean
  experimental?: boolean
  aliases?: string[]
  /** Outputs that are lists, and whether inputs come as whole lists. */
  listOutputs?: readonly (keyof O & string)[]
  inputIsList?: boolean
  /** Waits more than it computes (network, timers): other nodes run meanwhile. The rest take turns. */
  concurrent?: boolean
  /** Says which lazy inputs it needs, given what is there; called until it names none. */
  needs?(inputs: Partial<Values<I>>): string[]
  /** Part of the cache key: another answer means run again. NaN = always. ComfyUI's IS_CHANGED. */
  changed?(inputs: Partial<Values<I>>, context: Pick<RunContext, 'files' | 'models'>): unknown
  /** Checks beyond the schema. A string is the problem in words. */
  check?(
    inputs: Partial<Values<I>>,
    context: Pick<RunContext, 'files' | 'models'>,
  ): true | string | Promise<true | string>
  run(inputs: Values<I>, context: RunContext): Answer<O> | Promise<Answer<O>>
}

/** An identity function: its only work is to let the compiler read the types off the definition. */
export const defineNode = <const I extends Fields, const O extends Outputs>(
  node: NodeType<I, O>,
): NodeType<I, O> => node

export function describe(node: NodeType, context: DescribeContext): NodeDescription {
  const inputs = Object.entries<Field>(node.inputs).map(
    ([name, field]): InputDescription => ({
      name,
      type: field.type,
      optional: field.optional ?? false,
      widget: typeof field.widget === 'function' ? field.widget(context) : field.widget,
      about: field.about,
      socketOnly: field.socketOnly,
      advanced: field.advanced,
      lazy: field.lazy,
      when: field.when && { input: field.when.input, is: [...field.when.is] },
      grows: field.grows,
    }),
  )
  const outputs = Object.entries<string>(node.outputs).map(([name, type]) => ({
    name,
    type,
    list: node.listOutputs?.includes(name),
  }))
  const { type, title, category, about, virtual, deprecated, experimental, aliases, inputIsList } =
    node
  return {
    type,
    title,
    category,
    about,
    inputs,
    outputs,
    hidden: node.hidden ?? {},
    outputNode: node.outputNode ?? false,
    virtual,
    deprecated,
    experimental,
    aliases,
    inputIsList,
  }
}

export const describeAll = (nodes: Iterable<NodeType>, context: DescribeContext): Catalogue =>
  Object.fromEntries(
    [...nodes].filter(node => !node.internal).map(node => [node.type, describe(node, context)]),
  )
