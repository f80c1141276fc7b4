// The words that steer the picture, its seed, and Run: what most edits are about, always in reach.
import { Minus, Play, Plus, Square } from 'lucide-react'
import { useMemo, useState } from 'react'
import { hasControl } from '../../../engine/graph/catalogue.ts'
import { setControl, setValue } from '../../../engine/graph/edit.ts'
import { perform } from '../commands/registry.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { mostAtOnce, runActive } from '../stores/run-actions.ts'
import { useRuns } from '../stores/runs.ts'
import { edit, sealEdit, shownGraph, type Tab } from '../stores/tabs.ts'
import { typingKey } from '../stores/typing.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { Tooltip } from '../ui/tooltip.tsx'
import { findMainSampler, type WidgetRef } from './main-sampler.ts'
import { NumberField } from './widgets/number-field.tsx'
import { takeWeightKey } from './widgets/prompt-weight.ts'
import { SeedLock } from './widgets/seed-field.tsx'

export function PromptBar({ tab }: { tab: Tab }) {
  const types = useCatalogue(state => state.types)
  const graph = shownGraph(tab)
  const { prompt, seed } = useMemo(() => findMainSampler(graph, types), [graph, types])
  const [count, setCount] = useState(1)
  const running = useRuns(({ queue }) => queue.running !== undefined)
  return (
    <section
      aria-label="Prompt and run"
      className="flex shrink-0 items-end gap-2 border-t border-line bg-panel p-2"
    >
      {prompt ? <PromptField tab={tab} at={prompt} /> : <div className="flex-1" />}
      {seed && <SeedPart tab={tab} at={seed} />}
      <Count count={count} onChange={setCount} />
      {running && (
        <Tooltip text="Cancel the running one" keys="mod+alt+enter">
          <Button data-testid="cancel" className="h-9!" onClick={() => perform('cancel')}>
            <Square size={12} aria-hidden /> Cancel
          </Button>
        </Tooltip>
      )}
      <Tooltip text={running ? 'Queue another run' : 'Run the workflow'} keys="mod+enter">
        <Button
          data-testid="run"
          look="accent"
          className="h-9! px-4!"
          onClick={() => void runActive({ count })}
        >
          <Play size={13} fill="currentColor" aria-hidden /> Run
        </Button>
      </Tooltip>
    </section>
  )
}

function PromptField({ tab, at }: { tab: Tab; at: WidgetRef }) {
  const text = String(shownGraph(tab).nodes[at.node]?.values[at.name] ?? '')
  return (
    <textarea
      data-testid="prompt"
      data-document-text
      aria-label="Prompt"
      placeholder="Describe the picture"
      rows={1}
      spellCheck={false}
      value={text}
      className="field-sizing-content max-h-32 min-h-9 min-w-0 flex-1 resize-none rounded-[8px] bg-field px-3 py-2 hover:bg-field-hover focus:bg-field"
      onChange={event =>
        edit(
          'Change the prompt',
          (document, canvas) => setValue(document, canvas, at.node, at.name, event.target.value),
          typingKey(`value:${at.node}:${at.name}`, text, event.target.value),
        )
      }
      onKeyDown={takeWeightKey}
      onBlur={sealEdit}
    />
  )
}

function SeedPart({ tab, at }: { tab: Tab; at: WidgetRef }) {
  const types = useCatalogue(state => state.types)
  const node = shownGraph(tab).nodes[at.node]
  const input = node && types[node.type]?.inputs.find(({ name }) => name === at.name)
  if (!node || input?.widget?.kind !== 'int') return null
  const control = node.controls?.[at.name] ?? 'fixed'
  return (
    <div data-testid="seed" className="flex h-9 items-center gap-0.5 rounded-[8px] bg-field px-1">
      <div className="w-44">
        <NumberField
          widget={input.widget}
          value={node.values[at.name]}
          label="seed"
          disabled={false}
          onChange={value =>
            edit(
              'Change the seed',
              (document, canvas) => setValue(document, canvas, at.node, at.name, value),
              `value:${at.node}:${at.name}`,
            )
          }
          onDone={sealEdit}
        />
      </div>
      {hasControl(input) && (
        <SeedLock
          control={control}
          onControl={next =>
            edit('Change what happens to the seed', (document, canvas) =>
              setControl(document, canvas, at.node, at.name, next),
            )
          }
        />
      )}
    </div>
  )
}

function Count({ count, onChange }: { count: number; onChange: (count: number) => void }) {
  const set = (next: number) => onChange(Math.min(Math.max(Math.round(next), 1), mostAtOnce))
  return (
    <div className="flex h-9 items-center rounded-[8px] bg-field">
      <IconButton
        label="Fewer runs"
        className="w-6!"
        disabled={count <= 1}
        onClick={() => set(count - 1)}
      >
        <Minus size={12} aria-hidden />
      </IconButton>
      <label className="flex items-center text-soft tabular">
        ×
        <input
          aria-label="How many runs"
          inputMode="numeric"
          className="w-6 rounded bg-transparent text-center text-ink outline-none focus-visible:outline-2"
          value={count}
          onChange={event => set(Number(event.target.value.replace(/\D/g, '')) || 1)}
        />
      </label>
      <IconButton label="More runs" className="w-6!" onClick={() => set(count + 1)}>
        <Plus size={12} aria-hidden />
      </IconButton>
    </div>
  )
}
