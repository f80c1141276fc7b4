import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CycleError, orderFrom, upstream } from './order.ts'

type Graph = Record<string, string[]>

/** `{ b: ['a'] }`: b takes a link from a. */
const orderOf = (graph: Graph, target: string) => orderFrom([target], id => graph[id]!)

/** Random acyclic graphs: every node takes links from earlier ones only. */
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 40 })
  .map(nodes =>
    Object.fromEntries(nodes.map((to, i) => [`n${i}`, i ? to.map(n => `n${n % i}`) : []])),
  )

describe('orderFrom', () => {
  it('leaves out what the targets do not need', () => {
    const graph = { a: [], b: ['a'], c: ['a'], d: ['c'] }
    expect(orderOf(graph, 'b')).toEqual(['a', 'b'])
  })

  it('puts sources first and holds exactly the ancestors', () => {
    fc.assert(
      fc.property(acyclic, graph => {
        const target = Object.keys(graph).at(-1)!
        const order = orderOf(graph, target)
        const ancestors = new Set([target])
        for (const id of ancestors) for (const source of graph[id]!) ancestors.add(source)
        expect(new Set(order)).toEqual(ancestors)
        expect(order).toHaveLength(ancestors.size)
        for (const id of order)
          for (const source of graph[id]!)
            expect(order.indexOf(source)).toBeLessThan(order.indexOf(id))
      }),
    )
  })

  it.each<[string, Record<string, string[]>, string[]]>([
    ['a node that feeds itself', { a: ['a'] }, ['a']],
    ['two nodes', { a: ['b'], b: ['a'] }, ['a', 'b']],
    ['a cycle behind other nodes', { a: ['b'], b: ['c'], c: ['d'], d: ['b'] }, ['b', 'c', 'd']],
  ])('names the nodes of a cycle: %s', (_, graph, nodes) => {
    const error = (() => {
      try {
        orderOf(graph, 'a')
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(CycleError)
    expect((error as CycleError).nodes).toEqual(nodes)
  })

  it('walks a chain of 100,000 nodes', () => {
    const graph: Record<string, string[]> = { n0: [] }
    for (let i = 1; i < 100_000; i++) graph[`n${i}`] = [`n${i - 1}`]
    expect(orderOf(graph, 'n99999')).toHaveLength(100_000)
  })
})

describe('upstream', () => {
  it('holds a node and all before it once, nearest first, circles too', () => {
    const graph: Graph = { a: [], b: ['a'], c: ['a'], d: ['c', 'b'], e: ['f'], f: ['e'] }
    const sources = (id: string) => graph[id]!
    expect([...upstream('d', sources)]).toEqual(['d', 'c', 'b', 'a'])
    expect([...upstream('e', sources)]).toEqual(['e', 'f'])
  })
})
