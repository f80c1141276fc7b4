// A network that the GPU cannot take is computed by the processor, and the user hears of it once.
import { expect, test } from 'vitest'
import { type Tensor, tensor } from '../../tensor.ts'
import { Layers, type Provider } from '../layers.ts'
import { DataType, OnnxGraph } from '../onnx-graph.ts'
import type { openSession, Session } from '../session.ts'
import { openPlaced } from './fallback.ts'

const weights = { file: '', tensors: new Map(), metadata: {} }
const build = () => {
  const graph = new OnnxGraph()
  const x = graph.input('x', DataType.float, [2])
  graph.output('y', new Layers(graph, weights).silu(x), [2])
  return graph
}
const x = tensor([2], Float32Array.of(1, 2))

/** Sessions that do as the test says; what was opened, and with which activation. */
function fake(gpu: { open?: string; run?: string }) {
  const log: string[] = []
  const open: typeof openSession = async (graph, { provider = 'cpu' } = {}) => {
    log.push(`${provider} ${graph.nodes[0]!.type}`)
    const onGpu = provider !== 'cpu'
    if (onGpu && gpu.open) throw new Error(gpu.open)
    const session: Session = {
      async run() {
        if (onGpu && gpu.run) throw new Error(gpu.run)
        return { y: tensor([1], Float32Array.of(onGpu ? 1 : 0)) } as Record<string, Tensor>
      },
      release: async () => void log.push(`${provider} released`),
    }
    return session
  }
  const notices: string[] = []
  const options = {
    provider: 'cuda' as Provider,
    open,
    notice: (text: string) => notices.push(text),
  }
  return { log, notices, options }
}

test('on the GPU, with the GPU’s operators', async () => {
  const { log, notices, options } = fake({})
  const session = await openPlaced({ build, costBytes: 1e9 }, options)
  expect((await session.run({ x })).y!.data[0]).toBe(1)
  expect([log, notices]).toEqual([['cuda Sigmoid'], []])
})

test('memory ends when it opens', async () => {
  const { log, notices, options } = fake({ open: 'CUDA failure 2: out of memory ; GPU=0' })
  const session = await openPlaced({ build, costBytes: 1.72e9 }, options)
  expect((await session.run({ x })).y!.data[0]).toBe(0)
  expect(log).toEqual(['cuda Sigmoid', 'cpu QuickGelu'])
  expect(notices).toEqual([
    'A network with 1.7 GB of weights cannot be computed with CUDA (its memory is not enough), so the processor computes it.',
  ])
})

test('memory ends in a run: the GPU lets go, the run is done again, later ones go straight on', async () => {
  const { log, notices, options } = fake({ run: 'Failed to allocate memory for requested buffer' })
  const session = await openPlaced({ build, costBytes: 3e7 }, options)
  expect((await session.run({ x })).y!.data[0]).toBe(0)
  await session.run({ x })
  await session.release()
  expect(log).toEqual(['cuda Sigmoid', 'cuda released', 'cpu QuickGelu', 'cpu released'])
  expect(notices).toHaveLength(1)
  expect(notices[0]).toContain('30 MB')
})

test('what is larger than the GPU’s budget is not even tried', async () => {
  const { log, notices, options } = fake({})
  await openPlaced({ build, costBytes: 9e9 }, { ...options, gpuBudgetBytes: 4.8e9 })
  expect(log).toEqual(['cpu QuickGelu'])
  expect(notices[0]).toContain('the GPU has room for about 4.8 GB')
})

test('the processor’s own failures are not covered up', async () => {
  const open: typeof openSession = async () => {
    throw new Error('The file is damaged')
  }
  await expect(openPlaced({ build, costBytes: 1 }, { open })).rejects.toThrow('damaged')
})
