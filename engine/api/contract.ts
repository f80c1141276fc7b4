// The only door between the page and the host: oRPC, over a MessagePort in Electron and a WebSocket
// in a browser. Documents and prompts travel as lossless JSON text (graph/json.ts), so that a seed
// near 2^64 arrives as it left. Pictures never travel here: `PUT /assets`, `GET /assets/<hash>`.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import type { Catalogue } from '../graph/catalogue.ts'
import { account, accountContract } from './contract-account.ts'

const text = z.string()
const id = z.string().min(1).max(200)
const timeMs = z.number().int()

export const workflowSummary = z.object({
  id,
  name: text,
  updatedMs: timeMs,
  /** Edits since the last explicit save. */
  unsaved: z.boolean(),
  /** Asset hash of the last picture it made. */
  thumbnail: text.optional(),
})
export type WorkflowSummary = z.infer<typeof workflowSummary>

export const template = z.object({
  name: id,
  title: text,
  about: text,
  /** URL path of a picture that the template really made. */
  thumbnail: text,
  /** Suggested for a dropped photo. */
  takesImage: z.boolean(),
  document: text,
})
export type Template = z.infer<typeof template>

/** Something wrong with a graph, said for one node and input where there is one. */
export const problem = z.object({
  code: text,
  node: id.optional(),
  nodeType: text.optional(),
  input: text.optional(),
  message: text,
  /** What to do. */
  hint: text.optional(),
})
export type Problem = z.infer<typeof problem>

export const runState = z.enum(['queued', 'running', 'done', 'failed', 'interrupted'])
export type RunState = z.infer<typeof runState>

export const output = z.object({
  id: z.number().int(),
  run: id,
  node: id,
  /** `GET /assets/<hash>`, thumbnails by `?w=`. */
  hash: text,
  filename: text,
  subfolder: text,
  mime: text,
  width: z.number().int(),
  height: z.number().int(),
  sizeBytes: z.number().int(),
  createdMs: timeMs,
})
export type Output = z.infer<typeof output>

export const run = z.object({
  id,
  /** Position among pending runs is by this number. */
  number: z.number(),
  state: runState,
  workflow: id.optional(),
  name: text,
  queuedMs: timeMs,
  startedMs: timeMs.optional(),
  finishedMs: timeMs.optional(),
  failure: problem.optional(),
  outputs: z.array(output),
})
export type Run = z.infer<typeof run>

export const queue = z.object({
  running: run.optional(),
  pending: z.array(run),
  paused: z.boolean(),
})
export type Queue = z.infer<typeof queue>

/** The words of a picture's making, for the gallery: read off the prompt, not stored twice. */
export const recipe = z.object({
  positive: text.optional(),
  negative: text.optional(),
  /** As text: may pass 2^53. */
  seed: text.optional(),
  steps: z.number().optional(),
  cfg: z.number().optional(),
  sampler: text.optional(),
  scheduler: text.optional(),
  models: z.array(text),
})
export type Recipe = z.infer<typeof recipe>

export const modelFile = z.object({
  folder: text,
  name: text,
  sizeBytes: z.number().int(),
  bundled: z.boolean(),
  /** `SD 1.5`, `starter`, `ESRGAN ×4` … where the header tells. */
  family: text.optional(),
})
export type ModelFile = z.infer<typeof modelFile>

export const systemInfo = z.object({
  version: text,
  /** `2 cores, AVX-512, 24 GB` — hardware in plain words. */
  hardware: text,
  provider: text,
  engine: z.enum(['starting', 'ready', 'busy', 'stopped']),
  memoryBytes: z.number(),
  sentBytes: z.number().int(),
  offline: z.boolean(),
  folders: z.object({ data: text, output: text, models: z.array(text) }),
  /** A ComfyUI found on this machine, if one answers. */
  comfyui: z.object({ url: text, version: text.optional() }).optional(),
  /** Something the user must know from this start: a damaged database was put aside. */
  notice: text.optional(),
})
export type SystemInfo = z.infer<typeof systemInfo>

export const providerId = z.enum(['cpu', 'cuda', 'dml', 'webgpu', 'coreml'])

/** What this machine is and can, in words and figures. */
export const hardwareReport = z.object({
  processor: text,
  cores: z.number().int(),
  /** `AMX, AVX-512, AVX2`: those that the engine is quicker for; empty where the system does not say. */
  instructions: text,
  memoryBytes: z.number(),
  gpus: z.array(z.object({ name: text, memoryBytes: z.number().optional() })),
  /** Where networks can be computed on this system. */
  providers: z.array(
    z.object({
      id: providerId,
      name: text,
      state: z.enum(['used', 'ready', 'untested', 'refused', 'missing']),
      about: text,
    }),
  ),
  /** Why that one is used. */
  why: text,
  /** fp32 matrix products, 10⁹ operations a second, with the provider that is used. */
  gflops: z.number().optional(),
  /** How long a well-known picture takes. */
  expectation: text,
})
export type HardwareReport = z.infer<typeof hardwareReport>

export const ledgerRow = z.object({
  timeMs,
  host: text,
  purpose: text,
  sentBytes: z.number().int(),
  receivedBytes: z.number().int(),
  refused: z.boolean(),
})
export type LedgerRow = z.infer<typeof ledgerRow>

export const settings = z.object({
  theme: z.enum(['system', 'dark', 'light']),
  offline: z.boolean(),
  previews: z.boolean(),
  /** Megabytes that loaded models may take; 0 = half the memory. */
  memoryBudgetMb: z.number().int().min(0),
  /** `int8`: diffusion networks are quicker on the processor, and pictures differ a little. */
  precision: z.enum(['exact', 'int8']),
  /** Further folders with ComfyUI's layout. */
  modelDirs: z.array(text),
  /** Where networks are computed. */
  provider: z.enum(['auto', ...providerId.options]),
})
export type Settings = z.infer<typeof settings>

/** One subscription carries everything; the first events say the present state. */
export const hostEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('queue'), queue }),
  z.object({ type: z.literal('run'), run }),
  z.object({ type: z.literal('cached'), run: id, nodes: z.array(id) }),
  z.object({ type: z.literal('started'), run: id, node: id }),
  z.object({
    type: z.literal('progress'),
    run: id,
    node: id,
    done: z.number(),
    of: z.number(),
    /** URL of the newest preview. */
    preview: text.optional(),
    /** In words, where something has to be done before the node's own work. */
    doing: text.optional(),
  }),
  z.object({ type: z.literal('done'), run: id, node: id, ms: z.number() }),
  /** What an output node shows: pictures, and texts (PreviewAny). */
  z.object({
    type: z.literal('shown'),
    run: id,
    node: id,
    pictures: z.array(z.object({ url: text, width: z.number(), height: z.number() })),
    texts: z.array(text),
  }),
  z.object({ type: z.literal('failed'), run: id, problem }),
  z.object({ type: z.literal('output'), output }),
  z.object({ type: z.literal('outputsRemoved'), ids: z.array(z.number().int()) }),
  z.object({ type: z.literal('workflows'), workflows: z.array(workflowSummary) }),
  z.object({ type: z.literal('system'), system: systemInfo }),
  z.object({ type: z.literal('account'), account }),
  /** The person followed a `comfyrunner://` link; `shared` is the token of a shared workflow. */
  z.object({ type: z.literal('visit'), room: z.literal('account'), shared: text.optional() }),
  /** Node types or model files changed: fetch the catalogue again. */
  z.object({ type: z.literal('catalogue') }),
])
export type HostEvent = z.infer<typeof hostEvent>

const done = z.object({})

export const contract = {
  catalogue: oc.output(z.custom<Catalogue>()),
  events: oc.output(eventIterator(hostEvent)),

  workflows: {
    list: oc.output(z.array(workflowSummary)),
    open: oc.input(z.object({ id })).output(z.object({ summary: workflowSummary, document: text })),
    create: oc.input(z.object({ name: text.max(200), document: text })).output(workflowSummary),
    /** Journals the present state; called within a second of an edit. */
    draft: oc.input(z.object({ id, document: text })).output(done),
    /** Makes the draft a version. */
    save: oc.input(z.object({ id })).output(workflowSummary),
    rename: oc.input(z.object({ id, name: text.min(1).max(200) })).output(workflowSummary),
    remove: oc.input(z.object({ id })).output(done),
    templates: oc.output(z.array(template)),
  },

  runs: {
    /** Validates, stores graph and run, queues. */
    start: oc
      .input(
        z.object({
          workflow: id.optional(),
          name: text.max(200),
          document: text,
          targets: z.array(id).optional(),
          front: z.boolean().optional(),
        }),
      )
      .output(z.object({ run: run.optional(), problems: z.array(problem) })),
    /** A pending run leaves the queue, a running one is interrupted. */
    cancel: oc.input(z.object({ id })).output(done),
    /** Puts a pending run before another, or last. */
    move: oc.input(z.object({ id, before: id.optional() })).output(done),
    clear: oc.output(done),
    pause: oc.input(z.object({ paused: z.boolean() })).output(done),
    list: oc
      .input(z.object({ before: timeMs.optional(), limit: z.number().int().min(1).max(200) }))
      .output(z.array(run)),
    /** The graph exactly as it ran. */
    open: oc.input(z.object({ id })).output(z.object({ run, document: text })),
  },

  outputs: {
    list: oc
      .input(
        z.object({
          /** Id of the last one seen. */
          before: z.number().int().optional(),
          limit: z.number().int().min(1).max(500),
          search: text.max(500).optional(),
        }),
      )
      .output(z.object({ outputs: z.array(output), total: z.number().int() })),
    open: oc
      .input(z.object({ id: z.number().int() }))
      .output(z.object({ output, run, recipe, document: text })),
    /** Moves the files to the data folder's trash; `restore` undoes it. */
    remove: oc.input(z.object({ ids: z.array(z.number().int()).max(500) })).output(done),
    restore: oc.input(z.object({ ids: z.array(z.number().int()).max(500) })).output(done),
  },

  models: {
    list: oc.output(z.array(modelFile)),
  },

  system: {
    info: oc.output(systemInfo),
    /** Measures the machine at the first call, which takes a second. */
    hardware: oc.output(hardwareReport),
    ledger: oc.output(z.array(ledgerRow)),
    settings: oc.output(settings),
    change: oc.input(settings.partial()).output(settings),
    /** Lets go of loaded models. */
    free: oc.output(done),
  },

  account: accountContract,
}
export type Contract = typeof contract
