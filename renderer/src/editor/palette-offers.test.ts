import { expect, test } from 'vitest'
import type { Catalogue, NodeDescription } from '../../../engine/graph/catalogue.ts'
import { fittingSlot, offers } from './palette-offers.ts'

const node = (
  type: string,
  inputs: Record<string, string>,
  outputs: string[],
): NodeDescription => ({
  type,
  title: type,
  category: 'test',
  about: '',
  inputs: Object.entries(inputs).map(([name, type]) => ({ name, type, optional: false })),
  outputs: outputs.map(type => ({ name: type, type })),
  hidden: {},
  outputNode: false,
})

const catalogue: Catalogue = Object.fromEntries(
  [
    node('Reroute', { any: '*' }, ['*']),
    node('VAEDecode', { samples: 'LATENT', vae: 'VAE' }, ['IMAGE']),
    node('SaveImage', { images: 'IMAGE' }, []),
    node('Checkpoint', {}, ['MODEL', 'CLIP', 'VAE']),
  ].map(description => [description.type, description]),
)

test('a loose output is offered what takes it, exact types first', () => {
  const from = { node: '1', side: 'output', handle: 'o:0', type: 'IMAGE' } as const
  expect(offers(catalogue, from).map(({ type }) => type)).toEqual(['SaveImage', 'Reroute'])
})

test('a loose input is offered what gives it, at the right output', () => {
  const from = { node: '1', side: 'input', handle: 'i:vae', type: 'VAE' } as const
  expect(offers(catalogue, from).map(({ type }) => type)).toEqual(['Checkpoint', 'Reroute'])
  expect(fittingSlot(catalogue.Checkpoint!, from)).toBe(2)
})

test('without a link everything is offered by title', () => {
  expect(offers(catalogue)).toHaveLength(4)
})

test('an input that only another option brings is no place for a link', () => {
  const description = {
    ...node('Loop', {}, []),
    inputs: [
      {
        name: 'mode',
        type: 'COMBO',
        optional: false,
        widget: { kind: 'choice' as const, default: 'a', options: ['a', 'b'] },
      },
      { name: 'mode.list', type: '*', optional: false, when: { input: 'mode', is: ['b'] } },
      { name: 'value', type: '*', optional: true },
    ],
  }
  expect(fittingSlot(description, { side: 'output', type: 'IMAGE' })).toBe('value')
})
