// The choice of a provider on machines that are not ours.
import { expect, test } from 'vitest'
import type { Provider } from '../layers.ts'
import { chooseProvider, faultOf, type Outcome, type Surroundings, shortReason } from './choice.ts'
import type { Gpu } from './gpus.ts'

const tested = (difference: number, gflops = 900): Outcome => ({
  state: 'tested',
  result: { difference, gflops, processorGflops: 100 },
})
const nvidia: Gpu = { vendor: 'NVIDIA', name: 'NVIDIA GeForce RTX 4070', memoryBytes: 12 * 2 ** 30 }
const intel: Gpu = { vendor: 'Intel', name: 'Intel GPU (46a6)' }

function machine(
  outcomes: Partial<Record<Provider, Outcome>>,
  { platform = 'linux-x64', libraries = [] as string[], ...more }: Partial<Machine> = {},
) {
  const asked: Provider[] = []
  const surroundings: Surroundings = {
    gpus: [nvidia],
    softwareVulkan: false,
    installation: { platform, has: file => libraries.includes(file) },
    test: async provider => {
      asked.push(provider)
      return outcomes[provider] ?? { state: 'crashed', how: 'not expected' }
    },
    ...more,
  }
  return { asked, surroundings }
}
interface Machine extends Omit<Surroundings, 'installation' | 'test'> {
  platform: string
  libraries: string[]
}

const cuda = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so']

test('Automatic takes CUDA where it is installed', async () => {
  const { surroundings, asked } = machine({ cuda: tested(1e-6, 5000) }, { libraries: cuda })
  expect(await chooseProvider('auto', surroundings)).toEqual({
    provider: 'cuda',
    why: 'CUDA gives the processor’s numbers, about 50 times as quickly.',
    notice: undefined,
  })
  expect(asked).toEqual(['cuda'])
})

test('Automatic takes WebGPU on an NVIDIA machine without CUDA, and says nothing', async () => {
  const { surroundings, asked } = machine({ webgpu: tested(4e-5) })
  const { provider, notice } = await chooseProvider('auto', surroundings)
  expect([provider, notice, asked]).toEqual(['webgpu', undefined, ['webgpu']])
})

test.each<[string, Outcome, string]>([
  ['wrong numbers', tested(0.046), 'WebGPU gave wrong numbers on this machine (4.6 % off)'],
  [
    'no number',
    tested(Number.POSITIVE_INFINITY),
    'WebGPU gave wrong numbers on this machine (not even numbers)',
  ],
  [
    'a crash',
    { state: 'crashed', how: 'SIGSEGV' },
    'WebGPU ended its process on this machine (SIGSEGV)',
  ],
  [
    'silence',
    { state: 'silent', seconds: 120 },
    'WebGPU did not answer within 120 seconds on this machine',
  ],
  [
    'a refusal',
    { state: 'refused', message: 'No supported adapters' },
    'WebGPU cannot be used on this machine (No supported adapters)',
  ],
])('%s: the processor is used, said aloud', async (_, outcome, words) => {
  const { surroundings } = machine({ webgpu: outcome })
  expect(await chooseProvider('webgpu', surroundings)).toEqual({
    provider: 'cpu',
    why: `${words}.`,
    notice: `${words}, so the processor is used instead.`,
  })
})

test('a provider that fails gives way to the next one', async () => {
  const outcomes = { cuda: { state: 'crashed', how: 'SIGABRT' }, webgpu: tested(1e-5) } as const
  const { surroundings, asked } = machine(outcomes, { libraries: cuda })
  const { provider, notice } = await chooseProvider('auto', surroundings)
  expect([provider, asked]).toEqual(['webgpu', ['cuda', 'webgpu']])
  expect(notice).toBe(
    'CUDA ended its process on this machine (SIGABRT), so WebGPU is used instead.',
  )
})

test('a named provider that is not installed is not tested', async () => {
  const { surroundings, asked } = machine({ webgpu: tested(1e-5) })
  expect(await chooseProvider('cuda', surroundings)).toMatchObject({
    provider: 'webgpu',
    notice:
      'CUDA lacks libonnxruntime_providers_cuda.so, which is installed on its own (docs/providers.md), so WebGPU is used instead.',
  })
  expect(asked).toEqual(['webgpu'])
})

test('Automatic leaves the processor only for something quicker; a named one need not be', async () => {
  const slow = { webgpu: tested(1e-6, 120) }
  const { surroundings } = machine(slow, { gpus: [intel] })
  expect(await chooseProvider('auto', surroundings)).toEqual({
    provider: 'cpu',
    why: 'WebGPU works, but is no quicker than the processor.',
    notice: undefined,
  })
  expect((await chooseProvider('webgpu', surroundings)).provider).toBe('webgpu')
})

test('no GPU, or a software adapter in its place: Automatic tests nothing', async () => {
  for (const without of [{ gpus: [] }, { softwareVulkan: true }]) {
    const { surroundings, asked } = machine({ webgpu: tested(0, 9000) }, without)
    expect(await chooseProvider('auto', surroundings)).toMatchObject({
      provider: 'cpu',
      notice: undefined,
    })
    expect(asked).toEqual([])
  }
})

test('what a system lacks is not tried', async () => {
  const { surroundings, asked } = machine({ dml: tested(1e-6) }, { platform: 'win32-x64' })
  expect((await chooseProvider('auto', surroundings)).provider).toBe('dml')
  expect((await chooseProvider('coreml', surroundings)).notice).toBe(
    'Core ML is not made for this system, so DirectML is used instead.',
  )
  expect(asked).toEqual(['dml', 'dml'])
})

test('the tolerance is the line', () => {
  expect(faultOf(tested(5e-4))).toBeUndefined()
  expect(faultOf(tested(5.1e-4))).toContain('wrong numbers')
})

test('onnxruntime’s reasons lose their source lines', () => {
  expect(
    shortReason(
      '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n',
    ),
  ).toBe('Failed to get a WebGPU adapter: No supported adapters')
  expect(
    shortReason('Non-zero status code returned while running Cast node. Status Message: no f16.'),
  ).toBe('no f16.')
  expect(shortReason('x'.repeat(500))).toHaveLength(160)
})
