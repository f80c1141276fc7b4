// Runs a graph on onnxruntime. `create` and `run` block the thread they are called on, so this
// belongs in the engine process; the signal is looked at between runs.
import { availableParallelism } from 'node:os'
import type { InferenceSession as OrtSession } from 'onnxruntime-node'
import { type Tensor, tensor } from '../tensor.ts'
import type { Provider } from './layers.ts'
import { ModelError } from './model-error.ts'
import type { OnnxGraph } from './onnx-graph.ts'
import { providerProfiles } from './providers/profiles.ts'

/**
 * `disabled` loads at once and maps the weights; `all` folds and repacks them: quicker to run,
 * slower to load, and the weights are copied. Worth it for small networks only.
 */
export type Optimization = 'disabled' | 'basic' | 'extended' | 'all'

/**
 * Measured with the starter model: 30 % less to run for a tenth of a second more to load. Larger ones
 * gain little (docs/speed.md), and folded kernels take up to eight times the memory of the file's.
 */
export const usualOptimization = (weightBytes: number): Optimization =>
  weightBytes < 32e6 ? 'all' : 'disabled'

export interface SessionOptions {
  optimization?: Optimization
  threads?: number
  provider?: Provider
}

/** Token ids. */
export interface Ids {
  readonly shape: readonly number[]
  readonly data: BigInt64Array
}

export interface Session {
  run(feeds: Readonly<Record<string, Tensor | Ids>>): Promise<Record<string, Tensor>>
  release(): Promise<void>
}

export async function openSession(
  graph: OnnxGraph,
  { optimization = 'disabled', threads = defaultThreads(), provider = 'cpu' }: SessionOptions = {},
): Promise<Session> {
  const ort = await import('onnxruntime-node')
  const session = await ort.InferenceSession.create(graph.encode(), {
    executionProviders: [providerProfiles[provider].configure(graph)],
    graphOptimizationLevel: providerProfiles[provider].optimization ?? optimization,
    intraOpNumThreads: threads,
    // Plans memory for every new picture size at once, and keeps it: a third more for nothing.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Threads that wait by spinning take the processor from the page and from other programs.
        intra_op: { allow_spinning: '0' },
        ...(graph.root && { model_external_initializers_file_folder_path: graph.root }),
      },
    },
  })
  return {
    async run(feeds) {
      const inputs: Record<string, InstanceType<typeof ort.Tensor>> = {}
      for (const [name, { data, shape }] of Object.entries(feeds))
        inputs[name] =
          data instanceof Float32Array
            ? new ort.Tensor('float32', data, [...shape])
            : new ort.Tensor('int64', data, [...shape])
      return outputsOf(await session.run(inputs).catch(inWords))
    },
    release: () => session.release(),
  }
}

/** What onnxruntime says when memory ends helps nobody. */
function inWords(error: unknown): never {
  if (!/alloc|memory/i.test(String(error))) throw error
  throw new ModelError(
    'There is not enough memory for a picture of this size. Make it smaller, or close other programs.',
    { cause: error },
  )
}

function outputsOf(values: OrtSession.OnnxValueMapType): Record<string, Tensor> {
  const outputs: Record<string, Tensor> = {}
  for (const [name, value] of Object.entries(values)) {
    if (!(value.data instanceof Float32Array))
      throw new TypeError(`The network's output "${name}" is ${value.type}, not float32`)
    outputs[name] = tensor(value.dims, value.data)
  }
  return outputs
}

/** Hyper-threads share one multiplier, but ask the system for no more than it gives. */
export const defaultThreads = (): number => Math.max(1, availableParallelism())
