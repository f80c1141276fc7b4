import { useEffect, useState } from 'react'

/** While files are dragged over the page: says what may be dropped. */
export function DropVeil() {
  const [dropping, setDropping] = useState(false)
  useEffect(() => {
    const root = document.documentElement
    const observer = new MutationObserver(() => setDropping(root.dataset.dropping === 'true'))
    observer.observe(root, { attributeFilter: ['data-dropping'] })
    return () => observer.disconnect()
  }, [])
  if (!dropping) return null
  return (
    <div className="pointer-events-none fixed inset-2 z-65 rounded-card border-2 border-dashed border-accent">
      <p className="absolute top-4 left-1/2 -translate-x-1/2 rounded-card border border-line bg-card px-4 py-2 shadow-lift">
        Drop a photo, a picture with a workflow, or a workflow file
      </p>
    </div>
  )
}
