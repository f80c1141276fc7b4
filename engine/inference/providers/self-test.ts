// Whether a provider may be trusted on this machine: a small network must give the processor's
// numbers, and products of matrices say how quick it is. A driver may end the process or never come
// back, so this runs in a process of its own (backends/provider-test.ts).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sizeOf, type Tensor, tensor } from '../../tensor.ts'
import { type Provider, profiles } from '../layers.ts'
import { DataType, OnnxGraph } from '../onnx-graph.ts'
import { defaultThreads, openSession } from '../session.ts'
import { selfTestFeeds, selfTestNetwork, writeWeights } from './self-test-network.ts'

/** Largest difference from the processor's numbers, as a share of the largest of them. */
export const tolerance = 5e-4

export interface SelfTest {
  /** Share of the largest value; infinite where a number is none. */
  difference: number
  /** fp32 matrix products, 10⁹ operations a second. */
  gflops: number
  /** The same on the processor. */
  processorGflops: number
}

/** @throws what onnxruntime throws when the provider cannot be used at all */
export async function selfTest(provider: Provider): Promise<SelfTest> {
  const difference = provider === 'cpu' ? 0 : await differenceFromProcessor(provider)
  const processorGflops = await matmulGflops('cpu')
  const gflops = provider === 'cpu' ? processorGflops : await matmulGflops(provider)
  return { difference, gflops, processorGflops }
}

async function differenceFromProcessor(provider: Provider): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-self-test-'))
  try {
    const weights = writeWeights(join(folder, 'weights'))
    const compute = async (on: Provider): Promise<Tensor> => {
      const graph = selfTestNetwork(weights, profiles[on])
      const session = await openSession(graph, { provider: on })
      const { out } = await session.run({ ...selfTestFeeds() })
      await session.release()
      return out!
    }
    return largestDifference(await compute(provider), await compute('cpu'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function largestDifference(got: Tensor, wanted: Tensor): number {
  let largest = 0
  let apart = 0
  for (const [i, value] of wanted.data.entries()) {
    largest = Math.max(largest, Math.abs(value))
    const difference = Math.abs(got.data[i]! - value)
    // Not a number is as wrong as can be, and must not compare as small.
    apart =
      difference <= apart ? apart : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }
  return largest > 0 ? apart / largest : apart
}

/** Products of growing matrices: a software adapter is known for what it is after the first. */
const edges = [128, 256, 512, 1024, 2048]
/** A run of this long says enough. */
const longEnoughMs = 60
/** Products in a row, so that sending the matrices to a GPU weighs little. */
const chain = 4
const runs = 3

/**
 * 10⁹ operations a second, the best of all runs. Others may be using the machine: on the processor it
 * is what all cores give when they are ours, by processor time.
 */
async function matmulGflops(provider: Provider): Promise<number> {
  const graph = new OnnxGraph()
  const b = graph.input('b', DataType.float, ['n', 'n'])
  let c = graph.input('a', DataType.float, ['n', 'n'])
  for (let i = 0; i < chain; i++) c = graph.op('MatMul', [c, b])
  graph.output('c', c, ['n', 'n'])
  const session = await openSession(graph, { provider })
  let best = 0
  for (const edge of edges) {
    const feeds = { a: constant([edge, edge], 1), b: constant([edge, edge], 1 / edge) }
    await session.run(feeds)
    let shortestMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < runs; i++) {
      const started = performance.now()
      const before = process.cpuUsage()
      await session.run(feeds)
      const { user, system } = process.cpuUsage(before)
      const threadsMs = (user + system) / 1000 / defaultThreads()
      shortestMs = Math.min(
        shortestMs,
        provider === 'cpu' ? threadsMs : performance.now() - started,
      )
    }
    best = Math.max(best, (chain * 2 * edge ** 3) / 1e6 / shortestMs)
    if (shortestMs > longEnoughMs) break
  }
  await session.release()
  return best
}

const constant = (shape: number[], value: number): Tensor =>
  tensor(shape, new Float32Array(sizeOf(shape)).fill(value))
