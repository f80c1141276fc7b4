import { defineNode, seed } from '../define.ts'

export const seedNode = defineNode({
  type: 'SeedNode',
  title: 'Seed',
  category: 'utils/primitive',
  about: 'One seed for several nodes.',
  aliases: ['random', 'noise'],
  inputs: { seed: seed() },
  outputs: { seed: 'INT' },
  run: ({ seed }) => ({ seed }),
})
