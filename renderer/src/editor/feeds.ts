// The links that feed copied cards from outside, and the same links for their copies.
import type { Document, Graph, NodeId } from '../../../engine/graph/document.ts'
import { type Canvas, connect, EditError } from '../../../engine/graph/edit.ts'

export interface Feed {
  from: NodeId
  fromSlot: number
  /** Which of the copied cards, in the order of `pasteNodes`. */
  copy: number
  input: string
}

export function feedsOf(graph: Graph, ids: ReadonlySet<NodeId>): Feed[] {
  // Ids that are numbers come first in an object, whatever their order was: as in what is copied.
  const order = Object.keys(Object.fromEntries([...ids].map(id => [id, true])))
  return Object.values(graph.links)
    .filter(({ from, to }) => ids.has(to) && !ids.has(from))
    .flatMap(({ from, fromSlot, to, toSlot }) => {
      const input = graph.nodes[to]?.inputs[toSlot]?.name
      return input === undefined ? [] : [{ from, fromSlot, copy: order.indexOf(to), input }]
    })
}

/** What can no longer be linked is left out. */
export function feedAgain(
  document: Document,
  at: Canvas,
  copies: readonly NodeId[],
  feeds: readonly Feed[],
): Document {
  return feeds.reduce((done, { from, fromSlot, copy, input }) => {
    const to = copies[copy]
    try {
      return to === undefined ? done : connect(done, at, { from, fromSlot, to, input })
    } catch (error) {
      if (error instanceof EditError) return done
      throw error
    }
  }, document)
}
