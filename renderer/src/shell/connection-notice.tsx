import { useEffect, useState } from 'react'
import { useConnection } from '../host/connection.ts'
import { Ring } from '../ui/ring.tsx'

/** Short breaks mend themselves before anybody needs to know. */
const calmMs = 700

/** Says that the engine is away, calmly: edits go on and are kept. */
export function ConnectionNotice() {
  const line = useConnection(state => state.line)
  const [late, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    if (line === 'open') return
    const timer = setTimeout(() => setLate(true), calmMs)
    return () => clearTimeout(timer)
  }, [line])
  if (!late || line === 'open') return null
  return (
    <div
      role="status"
      className="fixed top-11 left-1/2 z-70 flex -translate-x-1/2 items-center gap-2.5 rounded-card border border-line bg-card px-3 py-2 shadow-lift"
    >
      <Ring />
      {line === 'lost'
        ? 'The engine is not answering. Trying again; your edits are kept.'
        : 'Connecting to the engine'}
    </div>
  )
}
