import { expect, test } from 'vitest'
import { type RunContext, ui } from '../define.ts'
import { nodeTypes } from '../index.ts'

const model = {}

test.each([
  ['TorchCompileModel', { backend: 'inductor' }, /Nothing was compiled/],
  ['ModelComputeDtype', { dtype: 'fp16' }, /fp16 has no effect.*32 bits/],
  ['ModelComputeDtype', { dtype: 'bf16' }, /bf16 has no effect/],
  ['ModelComputeDtype', { dtype: 'fp32' }, undefined],
  ['ModelComputeDtype', { dtype: 'default' }, undefined],
])('%s passes the model on, %o', async (type, inputs, note) => {
  const answer = await nodeTypes.get(type)!.run({ model, ...inputs }, {} as RunContext)
  expect(answer.MODEL).toBe(model)
  const said = answer[ui]?.text
  if (note) expect(said).toEqual([expect.stringMatching(note)])
  else expect(said).toBeUndefined()
})
