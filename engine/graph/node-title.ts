// What a node is called: its own title, else its type's. Files may hold an empty title.
import type { NodeDescription } from './catalogue.ts'
import type { GraphNode } from './document.ts'

export const titleOf = (
  node: Pick<GraphNode, 'title' | 'type'>,
  description: Pick<NodeDescription, 'title'> | undefined,
): string => node.title || description?.title || node.type
