// React Flow's connections in the document's terms.
import type { Connection } from '@xyflow/react'
import type { Wire } from '../../../engine/graph/edit.ts'

type Ends = Pick<Connection, 'source' | 'target'> & {
  sourceHandle?: string | null
  targetHandle?: string | null
}

/** Handles are `o:<output index>` and `i:<input name>`; a name may hold colons. */
export const wireOf = ({ source, sourceHandle, target, targetHandle }: Ends): Wire => ({
  from: source,
  fromSlot: Number(sourceHandle?.slice(2)),
  to: target,
  input: targetHandle?.slice(2) ?? '',
})
