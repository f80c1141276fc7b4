import { expect, test, vi } from 'vitest'
import type { RunContext } from '../define.ts'
import { nodeTypes } from '../index.ts'

test.each([
  ['StyleModelLoader', 'style_model_name', 'style_models', 'styleModel', 'STYLE_MODEL'],
  ['GLIGENLoader', 'gligen_name', 'gligen', 'gligen', 'GLIGEN'],
] as const)('%s opens a file of its folder', async (type, input, folder, load, output) => {
  const node = nodeTypes.get(type)!
  const opened = {}
  const open = vi.fn(async (_: string) => opened)
  const context = { models: { [load]: open } } as unknown as RunContext
  const inputs = { [input]: 'a.safetensors' }
  expect(await node.run(inputs, context)).toEqual({ [output]: opened })
  expect(open).toHaveBeenCalledWith('a.safetensors')
  const files = vi.fn((_: string) => ['a.safetensors'])
  const { widget } = node.inputs[input]
  expect(typeof widget === 'function' && widget({ files })).toMatchObject({ folder })
})
