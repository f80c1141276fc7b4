// The table against what this installation of onnxruntime really offers.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { DataType, OnnxGraph } from '../onnx-graph.ts'
import { automaticOrder, isProvider, providerProfiles, whyNotOffered } from './profiles.ts'

const platform = `${process.platform}-${process.arch}`

test('onnxruntime lists the providers that the table has for this system', async () => {
  const { listSupportedBackends } = await import('onnxruntime-node')
  const listed = listSupportedBackends()
    .map(({ name }) => name)
    .filter(isProvider)
  const ours = Object.values(providerProfiles)
    .filter(({ platforms }) => platforms.includes(platform))
    .map(({ id }) => id)
  expect(ours.sort()).toEqual(listed.sort())
  // What needs a download is what onnxruntime does not bundle.
  for (const { name, bundled } of listSupportedBackends())
    if (isProvider(name)) expect(providerProfiles[name].libraries.length === 0).toBe(bundled)
})

test('a library that is not there is named', () => {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  const folder = join(dirname(manifest), 'bin/napi-v6', process.platform, process.arch)
  const has = (file: string) => existsSync(join(folder, file))
  expect(whyNotOffered('cpu', { platform, has })).toBeUndefined()
  expect(whyNotOffered('cuda', { platform: 'linux-x64', has: () => false })).toBe(
    'lacks libonnxruntime_providers_cuda.so, which is installed on its own (docs/providers.md)',
  )
  expect(whyNotOffered('cuda', { platform: 'linux-x64', has: () => true })).toBeUndefined()
  expect(whyNotOffered('dml', { platform: 'linux-x64', has: () => true })).toBe(
    'is not made for this system',
  )
})

test('each is configured under its own name, on the first GPU', () => {
  const graph = new OnnxGraph()
  const named = (id: keyof typeof providerProfiles) => providerProfiles[id].configure(graph)
  expect(named('cpu')).toBe('cpu')
  expect(named('cuda')).toEqual({ name: 'cuda', deviceId: 0 })
  expect(named('dml')).toEqual({ name: 'dml', deviceId: 0 })
  expect(named('webgpu')).toEqual({ name: 'webgpu' })
  expect([...automaticOrder].sort()).toEqual(Object.keys(providerProfiles).sort())
})

test('WebGPU leaves 16-bit numbers to the processor, but not what is folded at loading', () => {
  const graph = new OnnxGraph()
  const weight = { type: 'F16', shape: [4, 4], file: '/models/a', offset: 8, length: 32 } as const
  const stored = graph.external(weight, DataType.float16)
  const wide = graph.op('Cast', [stored], { to: DataType.float })
  const ids = graph.input('ids', DataType.int64, ['N'])
  const rows = graph.op('Gather', [stored, ids])
  const back = graph.op('Cast', [rows], { to: DataType.float })
  const y = graph.op('MatMul', [back, wide])
  graph.output('y', y, ['N', 4])
  expect(providerProfiles.webgpu.configure(graph)).toEqual({
    name: 'webgpu',
    forceCpuNodeNames: [rows, back],
  })
})
