import { expect, test } from 'vitest'
import type { Catalogue, InputDescription } from '../../../engine/graph/catalogue.ts'
import { fromPrompt } from '../../../engine/graph/comfy-prompt.ts'
import { missingIn } from './missing.ts'

const checkpoint: InputDescription = {
  name: 'ckpt_name',
  type: 'COMBO',
  optional: false,
  widget: {
    kind: 'choice',
    default: 'here.safetensors',
    options: ['here.safetensors'],
    folder: 'checkpoints',
  },
}

const catalogue: Catalogue = {
  CheckpointLoaderSimple: {
    type: 'CheckpointLoaderSimple',
    title: 'Load Checkpoint',
    category: 'loaders',
    about: '',
    inputs: [checkpoint],
    outputs: [{ name: 'MODEL', type: 'MODEL' }],
    hidden: {},
    outputNode: false,
  },
}

const load = (ckpt_name: string) => ({
  class_type: 'CheckpointLoaderSimple',
  inputs: { ckpt_name },
})

test('nothing is missing when types and files are there', () => {
  expect(missingIn(fromPrompt({ '1': load('here.safetensors') }, catalogue), catalogue)).toEqual([])
})

test('unknown nodes and files that are in no folder are both said', () => {
  const document = fromPrompt(
    {
      '1': load('away.safetensors'),
      '2': { class_type: 'SaveVideo', inputs: { video: ['1', 0] } },
    },
    catalogue,
  )
  const missing = missingIn(document, catalogue)
  expect(missing.map(({ code, node, input }) => ({ code, node, input }))).toEqual([
    { code: 'unknown_node', node: '2', input: undefined },
    { code: 'value_not_in_list', node: '1', input: 'ckpt_name' },
  ])
  expect(missing[1]!.message).toContain('away.safetensors')
})
