import { expect, test } from 'vitest'
import { tensor } from '../tensor.ts'
import { DataType, OnnxGraph } from './onnx-graph.ts'
import { SessionPool, type SessionRecipe } from './session-pool.ts'

let built: string[] = []
const recipe = (key: string, costBytes: number): SessionRecipe => ({
  key,
  costBytes,
  build() {
    built.push(key)
    const graph = new OnnxGraph()
    const x = graph.input('x', DataType.float, [1])
    graph.output('out', graph.op('Add', [x, graph.scalar(Number(key))]), [1])
    return graph
  },
})
const x = { x: tensor([1], Float32Array.of(1)) }

test('equal recipes share a session; the least recently used goes first', async () => {
  built = []
  const pool = new SessionPool({ budgetBytes: 100, threads: 1 })
  expect((await pool.run(recipe('1', 40), x)).out!.data[0]).toBe(2)
  expect((await pool.run(recipe('2', 40), x)).out!.data[0]).toBe(3)
  await pool.run(recipe('1', 40), x)
  expect(built).toEqual(['1', '2'])
  await pool.start(recipe('3', 40))
  expect(pool.keys).toEqual(['1', '3'])
  expect(pool.bytes).toBe(80)
  await pool.run(recipe('2', 40), x)
  expect(built).toEqual(['1', '2', '3', '2'])
})

test('what runs is never let go, and what is larger than the budget still runs', async () => {
  const pool = new SessionPool({ budgetBytes: 10, threads: 1 })
  await pool.use(recipe('1', 40), async session => {
    await pool.start(recipe('2', 40))
    expect(pool.keys).toContain('1')
    expect((await session.run(x)).out!.data[0]).toBe(2)
  })
  await pool.free()
  expect(pool.keys).toEqual([])
  expect((await pool.run(recipe('1', 40), x)).out!.data[0]).toBe(2)
})

test('idle networks that map their weights make room; small ones and running ones stay', async () => {
  const pool = new SessionPool({ budgetBytes: 1e12, threads: 1 })
  await pool.start(recipe('1', 40e6))
  await pool.start(recipe('2', 1e6))
  await pool.makeRoom(1e6)
  expect(pool.keys).toEqual(['1', '2'])
  await pool.use(recipe('3', 40e6), async () => pool.startLarge(recipe('4', 3e9)))
  expect(pool.keys).toEqual(['2', '3', '4'])
  await pool.startLarge(recipe('4', 3e9))
  expect(pool.keys).toEqual(['2', '3', '4'])
})

test('a session that failed to open is tried again', async () => {
  const pool = new SessionPool({ budgetBytes: 10, threads: 1 })
  const broken: SessionRecipe = {
    ...recipe('5', 1),
    build() {
      throw new Error('no such layer')
    },
  }
  await expect(pool.start(broken)).rejects.toThrow('no such layer')
  expect((await pool.run(recipe('5', 1), x)).out!.data[0]).toBe(6)
})
