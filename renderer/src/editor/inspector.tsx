// The selected node in full: what it does, every value, where its links come from, its timing.

import { useMemo } from 'react'
import type { NodeDescription } from '../../../engine/graph/catalogue.ts'
import type { GraphNode } from '../../../engine/graph/document.ts'
import { activeInputs } from '../../../engine/graph/dynamic-inputs.ts'
import { setColor } from '../../../engine/graph/edit.ts'
import { titleOf } from '../../../engine/graph/node-title.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { selectRuns, useRuns } from '../stores/runs.ts'
import { edit, shownGraph, type Tab } from '../stores/tabs.ts'
import { cx } from '../ui/class-names.ts'
import { formatDuration } from '../ui/format.ts'
import { type NamedColour, nodeColours } from './node-colours.ts'
import { nodeDescriber } from './primitive-description.ts'
import { jumpTo } from './problem-mend.ts'
import { socketColour, typeWords } from './socket-look.ts'
import { describer } from './subgraph-description.ts'
import { WidgetField } from './widgets/widget-field.tsx'

export function Inspector({ tab }: { tab: Tab }) {
  const types = useCatalogue(state => state.types)
  const graph = shownGraph(tab)
  const only = tab.nodes.size === 1 ? graph.nodes[[...tab.nodes][0]!] : undefined
  const describe = useMemo(() => {
    const { present } = tab.history
    return nodeDescriber(present, graph, types, describer(present, types))
  }, [tab.history, graph, types])
  return (
    <aside
      aria-label="Inspector"
      className="flex w-72 shrink-0 flex-col gap-4 overflow-y-auto border-l border-line bg-panel p-3"
    >
      {only ? (
        <NodePart
          key={only.id}
          tab={tab}
          node={only}
          description={describe(only)}
          describe={describe}
        />
      ) : (
        <WorkflowPart tab={tab} />
      )}
    </aside>
  )
}

interface NodePartProps {
  tab: Tab
  node: GraphNode
  description?: NodeDescription
  describe: (node: GraphNode) => NodeDescription | undefined
}

function NodePart({ tab, node, description, describe }: NodePartProps) {
  const graph = shownGraph(tab)
  const run = useRuns(state => selectRuns(state, tab.id).nodes[node.id])
  const links = Object.values(graph.links)
  const into = links.filter(link => link.to === node.id)
  const linked = new Set(into.map(link => node.inputs[link.toSlot]?.name))
  const widgets = activeInputs(description?.inputs ?? [], node.values).filter(
    input => input.widget && !input.socketOnly,
  )
  return (
    <>
      <header>
        <h2 className="text-[15px] leading-5 font-semibold">{titleOf(node, description)}</h2>
        <p className="selectable mt-0.5 font-mono text-[11px] text-faint">
          {node.type} · {node.id}
        </p>
        <p className="selectable mt-2 text-soft">
          {description?.about ||
            (description
              ? ''
              : 'This node type is not here. Its values and links are kept and written back as they are; it cannot run on this engine.')}
        </p>
        {run?.ms !== undefined && (
          <p className="mt-1 text-xs text-faint tabular">Last run: {formatDuration(run.ms)}</p>
        )}
      </header>
      {widgets.length > 0 && (
        <Section title="Values">
          {widgets.map(input => (
            <div key={input.name}>
              <div
                className={input.widget?.kind === 'text' && input.widget.multiline ? 'h-28' : ''}
              >
                <WidgetField
                  node={node}
                  name={input.name}
                  widget={input.widget!}
                  linked={linked.has(input.name)}
                />
              </div>
              {input.about && <p className="mt-0.5 px-2 text-xs text-faint">{input.about}</p>}
            </div>
          ))}
        </Section>
      )}
      {into.length > 0 && (
        <Section title="Comes in">
          {into.map(link => {
            const source = graph.nodes[link.from]
            return (
              <LinkRow
                key={link.id}
                type={link.type}
                label={node.inputs[link.toSlot]?.name ?? ''}
                node={source}
                description={source && describe(source)}
              />
            )
          })}
        </Section>
      )}
      {(description?.outputs ?? node.outputs).length > 0 && (
        <Section title="Gives">
          {(description?.outputs ?? node.outputs).map(output => (
            <div key={output.name} className="flex items-center gap-2 px-2">
              <Dot type={output.type} />
              <span>{output.name}</span>
              <span className="ml-auto text-xs text-faint">{typeWords(output.type)}</span>
            </div>
          ))}
        </Section>
      )}
      <Section title="Colour">
        <div className="flex flex-wrap gap-1.5 px-1">
          {nodeColours.map(colour => (
            <Swatch key={colour.name} node={node} colour={colour} />
          ))}
        </div>
      </Section>
    </>
  )
}

const Swatch = ({ node, colour }: { node: GraphNode; colour: NamedColour }) => (
  <button
    type="button"
    aria-label={colour.name}
    title={colour.name}
    aria-pressed={node.color === colour.value}
    className={cx(
      'size-5 rounded-full border border-line-strong',
      node.color === colour.value && 'ring-2 ring-accent',
    )}
    style={{ background: colour.shown }}
    onClick={() =>
      edit('Change the colour', (doc, at) => setColor(doc, at, [node.id], colour.value))
    }
  />
)

const Section = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <section className="flex flex-col gap-1.5">
    <h3 className="text-xs font-medium text-faint">{title}</h3>
    {children}
  </section>
)

const Dot = ({ type }: { type: string }) => (
  <span
    aria-hidden
    className="size-2 shrink-0 rounded-full"
    style={{ background: socketColour(type) }}
  />
)

interface LinkRowProps {
  type: string
  label: string
  node?: GraphNode
  description?: NodeDescription
}

const LinkRow = ({ type, label, node, description }: LinkRowProps) => (
  <button
    type="button"
    className="flex items-center gap-2 rounded-control px-2 text-left hover:bg-field"
    onClick={() => node && jumpTo(node.id)}
  >
    <Dot type={type} />
    <span>{label}</span>
    <span className="ml-auto truncate text-xs text-faint">
      {node && titleOf(node, description)}
    </span>
  </button>
)

function WorkflowPart({ tab }: { tab: Tab }) {
  const types = useCatalogue(state => state.types)
  const graph = shownGraph(tab)
  const nodes = Object.values(graph.nodes)
  const describe = describer(tab.history.present, types)
  const missing = nodes.filter(({ type }) => !describe(type))
  const several = tab.nodes.size > 1
  return (
    <>
      <header>
        <h2 className="text-[15px] leading-5 font-semibold">
          {several ? `${tab.nodes.size} nodes selected` : tab.name}
        </h2>
        <p className="mt-1 text-soft tabular">
          {nodes.length} {nodes.length === 1 ? 'node' : 'nodes'}, {Object.keys(graph.links).length}{' '}
          links
        </p>
        {!several && <p className="mt-2 text-faint">Select a node to see what it does.</p>}
      </header>
      {missing.length > 0 && (
        <Section title="Not here">
          <p className="text-soft">
            These node types are unknown to this engine. They are kept as they are.
          </p>
          {missing.map(node => (
            <button
              key={node.id}
              type="button"
              className="truncate rounded-control px-2 text-left text-warn hover:bg-field"
              onClick={() => jumpTo(node.id)}
            >
              {titleOf(node, undefined)}
            </button>
          ))}
        </Section>
      )}
    </>
  )
}
