import { expect, test } from 'vitest'
import { arrange, type Box } from './layout.ts'

const box = (id: string, height = 100): Box => ({ id, width: 200, height })

const overlap = (a: Box, b: Box, at: ReturnType<typeof arrange>) =>
  at[a.id]!.x < at[b.id]!.x + b.width &&
  at[b.id]!.x < at[a.id]!.x + a.width &&
  at[a.id]!.y < at[b.id]!.y + b.height &&
  at[b.id]!.y < at[a.id]!.y + a.height

test('what feeds stands left of what is fed, and nothing overlaps', () => {
  const boxes = [box('sampler', 300), box('model'), box('text'), box('save'), box('alone')]
  const links = [
    { from: 'model', to: 'text' },
    { from: 'model', to: 'sampler' },
    { from: 'text', to: 'sampler' },
    { from: 'text', to: 'sampler' },
    { from: 'sampler', to: 'save' },
  ]
  const at = arrange(boxes, links, { x: 10, y: 20 })
  for (const { from, to } of links) expect(at[from]!.x + 200).toBeLessThan(at[to]!.x)
  for (const a of boxes) for (const b of boxes) if (a !== b) expect(overlap(a, b, at)).toBe(false)
  expect(Math.min(...Object.values(at).map(({ x }) => x))).toBe(10)
  expect(Math.min(...Object.values(at).map(({ y }) => y))).toBe(20)
})

test('cards without links stand side by side', () => {
  const at = arrange([box('a'), box('b')], [])
  expect(at.a!.y).toBe(at.b!.y)
  expect(at.b!.x).toBeGreaterThanOrEqual(at.a!.x + 200)
})

test('a cycle is laid out too', () => {
  const links = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'a' },
  ]
  expect(Object.keys(arrange([box('a'), box('b')], links)).sort()).toEqual(['a', 'b'])
})
