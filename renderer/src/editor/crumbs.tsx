// Where inside nested subgraphs the canvas is. The last one can be named anew by a double-click.
import { ChevronRight } from 'lucide-react'
import { Fragment, useState } from 'react'
import { rootCanvas } from '../../../engine/graph/edit.ts'
import { renameSubgraph } from '../../../engine/graph/subgraph-names.ts'
import { edit, enterCanvas, type Tab } from '../stores/tabs.ts'
import { NameField } from '../ui/name-field.tsx'

export function Crumbs({ tab }: { tab: Tab }) {
  const [naming, setNaming] = useState(false)
  const { subgraphs } = tab.history.present
  const names = tab.trail.map(id => subgraphs[id]?.name ?? '')
  const last = tab.trail.length - 1
  return (
    <nav
      aria-label="Where you are"
      className="absolute top-3 left-3 flex h-8 max-w-[80%] items-center gap-1 rounded-card border border-line bg-card px-2 shadow-lift"
    >
      <Crumb label={tab.name} onClick={() => enterCanvas(rootCanvas)} />
      {tab.trail.map((id, level) => (
        <Fragment key={id}>
          <ChevronRight size={12} className="shrink-0 text-faint" aria-hidden />
          {level < last ? (
            <Crumb label={names[level]!} onClick={() => enterCanvas(id)} />
          ) : naming ? (
            <NameField
              label="Name of the subgraph"
              name={names[level]!}
              className="w-48"
              onName={name => edit('Rename', document => renameSubgraph(document, id, name))}
              onDone={() => setNaming(false)}
            />
          ) : (
            <button
              type="button"
              aria-current="page"
              title="Double-click to name it"
              className="truncate rounded px-1"
              onDoubleClick={() => setNaming(true)}
              onKeyDown={event => event.key === 'Enter' && setNaming(true)}
            >
              {names[level]}
            </button>
          )}
        </Fragment>
      ))}
    </nav>
  )
}

const Crumb = ({ label, onClick }: { label: string; onClick: () => void }) => (
  <button
    type="button"
    className="truncate rounded px-1 text-soft hover:bg-field hover:text-ink"
    onClick={onClick}
  >
    {label}
  </button>
)
