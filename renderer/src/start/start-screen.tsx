// The first screen: three ways in, what this machine is, and the workflows of last time.
import { FolderOpen, ImagePlus, Plug, Sparkles, SquarePen } from 'lucide-react'
import { useState } from 'react'
import type { Template, WorkflowSummary } from '../../../engine/api/contract.ts'
import { perform } from '../commands/registry.ts'
import { assetUrl } from '../host/assets.ts'
import { useSystem } from '../stores/system.ts'
import { showRoom } from '../stores/ui.ts'
import { openStored, openTemplate, removeWorkflow, useWorkflows } from '../stores/workflows.ts'
import { Button } from '../ui/button.tsx'
import { cx } from '../ui/class-names.ts'
import { formatTime, providerWords } from '../ui/format.ts'
import { RightClickMenu } from '../ui/menu.tsx'

const fewRecent = 4
const mostRecent = 200

/** The first template that begins with words, then the first that begins with a photo. */
function leading(templates: readonly Template[]): Template[] {
  const words = templates.find(({ takesImage }) => !takesImage)
  const photo = templates.find(({ takesImage }) => takesImage)
  return [words, photo].filter(template => template !== undefined)
}

export function StartScreen() {
  const { templates, recent, loaded } = useWorkflows()
  const info = useSystem(state => state.info)
  const [all, setAll] = useState(false)
  const leads = leading(templates)
  return (
    <div className="flex-1 overflow-y-auto">
      <div className="mx-auto flex w-full max-w-[1040px] flex-col gap-9 px-8 py-10">
        <header>
          <h1 className="text-[22px] leading-7 font-semibold">ComfyRunner</h1>
          {info && (
            <p className="mt-1 text-soft">
              Runs on this machine: {info.hardware}, {providerWords(info.provider)}. Nothing you
              make leaves it.{' '}
              <button
                type="button"
                className="text-accent-text hover:underline"
                onClick={() => showRoom('settings')}
              >
                How quick it is
              </button>
            </p>
          )}
        </header>
        <div className="grid grid-cols-[repeat(auto-fit,minmax(200px,1fr))] gap-3">
          {leads.map(template => (
            <Way
              key={template.name}
              testId={template.takesImage ? 'start-photo' : 'start-first-picture'}
              icon={
                template.takesImage ? (
                  <ImagePlus size={18} aria-hidden />
                ) : (
                  <Sparkles size={18} aria-hidden />
                )
              }
              title={template.takesImage ? 'Work on a photo' : 'Make a picture'}
              about={template.about}
              accent={template === leads[0]}
              onClick={() => openTemplate(template)}
            />
          ))}
          <Way
            icon={<FolderOpen size={18} aria-hidden />}
            title="Open a workflow"
            about="A ComfyUI workflow file, or a picture that was made with one."
            onClick={() => perform('open-file')}
          />
          <Way
            icon={<SquarePen size={18} aria-hidden />}
            title="Empty canvas"
            about="Build your own from single nodes. Or drop a photo anywhere on this page."
            onClick={() => perform('new-workflow')}
          />
        </div>
        {info?.comfyui && (
          <p className="-mt-5 flex items-center gap-2 text-soft">
            <Plug size={14} className="text-good" aria-hidden />
            Your ComfyUI{info.comfyui.version ? ` ${info.comfyui.version}` : ''} is running at{' '}
            {info.comfyui.url.replace(/^https?:\/\//, '')}.
          </p>
        )}
        {recent.length > 0 && (
          <section>
            <h2 className="mb-3 font-medium">Your workflows</h2>
            <div className="grid grid-cols-[repeat(auto-fill,minmax(200px,1fr))] gap-3">
              {recent.slice(0, all ? mostRecent : fewRecent).map(workflow => (
                <RecentCard key={workflow.id} workflow={workflow} />
              ))}
            </div>
            {recent.length > fewRecent && !all && (
              <Button className="mt-3" onClick={() => setAll(true)}>
                Show all
              </Button>
            )}
          </section>
        )}
        {templates.length > 0 && (
          <section>
            <h2 className="mb-3 font-medium">Begin with</h2>
            <div className="grid grid-cols-[repeat(auto-fill,minmax(200px,1fr))] gap-3">
              {templates.map(template => (
                <TemplateCard key={template.name} template={template} />
              ))}
            </div>
          </section>
        )}
        {!loaded && <p className="text-faint">Asking the engine what is there.</p>}
      </div>
    </div>
  )
}

interface WayProps {
  icon: React.ReactNode
  title: string
  about: string
  accent?: boolean
  testId?: string
  onClick: () => void
}

const Way = ({ icon, title, about, accent, testId, onClick }: WayProps) => (
  <button
    type="button"
    data-testid={testId}
    className={cx(
      'flex flex-col gap-1.5 rounded-card border p-4 text-left transition-colors',
      accent
        ? 'border-accent bg-accent-soft hover:bg-accent/25'
        : 'border-line bg-card hover:bg-field',
    )}
    onClick={onClick}
  >
    <span className={accent ? 'text-accent-text' : 'text-soft'}>{icon}</span>
    <span className="text-[15px] font-medium">{title}</span>
    <span className="text-soft">{about}</span>
  </button>
)

const TemplateCard = ({ template }: { template: Template }) => (
  <button
    type="button"
    data-testid={`template-${template.name}`}
    className="group overflow-hidden rounded-card border border-line bg-card text-left transition-colors hover:border-line-strong hover:bg-field"
    onClick={() => openTemplate(template)}
  >
    <TemplatePicture url={template.thumbnail} />
    <span className="block p-3">
      <span className="block font-medium">{template.title}</span>
      <span className="mt-0.5 line-clamp-2 text-soft">{template.about}</span>
    </span>
  </button>
)

function TemplatePicture({ url }: { url: string }) {
  const [failed, setFailed] = useState(url === '')
  if (failed) {
    return (
      <span className="grid aspect-[4/3] w-full place-items-center bg-canvas text-faint">
        <Sparkles size={22} aria-hidden />
      </span>
    )
  }
  return (
    <img
      src={url}
      alt=""
      loading="lazy"
      className="aspect-[4/3] w-full bg-canvas object-cover"
      onError={() => setFailed(true)}
    />
  )
}

const RecentCard = ({ workflow }: { workflow: WorkflowSummary }) => (
  <RightClickMenu
    entries={() => [
      { label: 'Open', perform: () => void openStored(workflow.id) },
      'line',
      { label: 'Remove', danger: true, perform: () => void removeWorkflow(workflow.id) },
    ]}
  >
    <button
      type="button"
      className="flex w-full items-center gap-3 overflow-hidden rounded-card border border-line bg-card p-2 text-left transition-colors hover:bg-field"
      onClick={() => openStored(workflow.id)}
    >
      {workflow.thumbnail ? (
        <img
          src={assetUrl(workflow.thumbnail, 128)}
          alt=""
          loading="lazy"
          className="size-11 shrink-0 rounded-control object-cover"
        />
      ) : (
        <span className="size-11 shrink-0 rounded-control bg-field" />
      )}
      <span className="min-w-0">
        <span className="block truncate">{workflow.name}</span>
        <span className="block truncate text-xs text-faint tabular">
          {formatTime(workflow.updatedMs)}
          {workflow.unsaved && ', draft'}
        </span>
      </span>
    </button>
  </RightClickMenu>
)
