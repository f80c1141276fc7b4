// The plan, how much of it is used, and the way to another one. Paying happens on Stripe's pages.
import { useState } from 'react'
import type {
  AccountDetails,
  Plan as PlanRow,
  Subscription,
  Usage,
} from '../../../../engine/api/contract-account.ts'
import { host } from '../../host/connection.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { formatBytes } from '../../ui/format.ts'
import { Ring } from '../../ui/ring.tsx'
import { Card, Row } from '../settings/settings-parts.tsx'
import { formatDay, formatMoney, openInBrowser, Said, useTask } from './account-parts.tsx'

export function Plan({ details }: { details: AccountDetails }) {
  const { plan, plans, subscription, usage } = details
  const [choosing, setChoosing] = useState(false)
  const task = useTask()
  const portal = (flow: 'manage' | 'cancel' | 'update') =>
    task.run(async () => openInBrowser((await host.account.portal({ flow })).url))
  const others = plans.filter(({ id, priceCents }) => id !== plan.id && priceCents > 0)
  return (
    <Card title="Plan">
      <Row
        label={<span data-testid="plan-name">{plan.name}</span>}
        about={statusWords(plan, subscription)}
      >
        {subscription ? (
          <Button onClick={() => portal('manage')}>Manage payment</Button>
        ) : (
          <Button look="accent" onClick={() => setChoosing(!choosing)}>
            Upgrade
          </Button>
        )}
      </Row>
      <Meter usage={usage} />
      {subscription?.status === 'past_due' && (
        <Row label={<span className="text-warn">The last payment did not go through.</span>}>
          <Button look="accent" onClick={() => portal('manage')}>
            Mend the payment
          </Button>
        </Row>
      )}
      {subscription && (
        <div className="flex flex-wrap gap-2 px-3 py-2.5">
          {others.length > 0 && <Button onClick={() => portal('update')}>Change the plan</Button>}
          {subscription.cancelAtPeriodEnd ? (
            <Button onClick={() => portal('manage')}>Resume the plan</Button>
          ) : (
            <Button look="plain" onClick={() => portal('cancel')}>
              Cancel the plan
            </Button>
          )}
        </div>
      )}
      {choosing && !subscription && <Choices plans={plans} current={plan.id} task={task} />}
      {task.busy && (
        <p className="flex items-center gap-2 px-3 py-2.5 text-soft" role="status">
          <Ring size={12} /> Opening Stripe’s page in your browser
        </p>
      )}
      {task.said && (
        <div className="px-3 py-2.5">
          <Said>{task.said}</Said>
        </div>
      )}
    </Card>
  )
}

function statusWords(plan: PlanRow, subscription: Subscription | null): string {
  if (!subscription) return plan.description
  const { currentPeriodEnd, graceEnds, trialEnd } = subscription
  const price = `${formatMoney(subscription.amountCents, subscription.currency)} a ${plan.interval ?? 'month'}`
  if (subscription.cancelAtPeriodEnd && currentPeriodEnd)
    return `Cancelled: it goes on until ${formatDay(currentPeriodEnd)} and is not renewed.`
  if (subscription.status === 'past_due' && graceEnds)
    return `${price}. It goes on until ${formatDay(graceEnds)} while the payment is mended.`
  if (subscription.status === 'trialing' && trialEnd)
    return `Free until ${formatDay(trialEnd)}, then ${price}.`
  return currentPeriodEnd ? `${price}, renews on ${formatDay(currentPeriodEnd)}.` : price
}

const number = (n: number) => n.toLocaleString()

function Meter({ usage }: { usage: Usage }) {
  const used = usage.used + usage.pending
  const share = usage.limit === null ? 0 : Math.min(1, used / Math.max(1, usage.limit))
  const words =
    usage.limit === null
      ? `${number(used)} workflows run`
      : `${number(used)} of ${number(usage.limit)}`
  return (
    <div className="px-3 py-2.5">
      <div className="flex justify-between gap-4">
        <span>{usage.kind === 'trial' ? 'Workflows of the trial' : 'Workflows this month'}</span>
        <span data-testid="usage" className="tabular text-soft">
          {words}
        </span>
      </div>
      {usage.limit !== null && (
        // biome-ignore lint/a11y/useSemanticElements: a meter element cannot be given this face
        <div
          role="meter"
          aria-label="Workflows used"
          aria-valuemin={0}
          aria-valuemax={usage.limit}
          aria-valuenow={used}
          className="mt-2 h-1.5 overflow-hidden rounded-full bg-field"
        >
          <div
            className={cx('h-full', share >= 1 ? 'bg-bad' : share >= 0.8 ? 'bg-warn' : 'bg-accent')}
            style={{ width: `${share * 100}%` }}
          />
        </div>
      )}
      {usage.limit !== null && used >= usage.limit && (
        <p data-testid="used-up" className="mt-1.5 text-bad">
          {usage.kind === 'trial'
            ? 'The trial is used up. Choose a plan to run more; everything here stays.'
            : 'All of this month are used. Wait for the next count, or choose a larger plan.'}
        </p>
      )}
      <p className="mt-1.5 text-xs text-faint">
        {usage.periodEnd !== null && `The count begins anew on ${formatDay(usage.periodEnd)}. `}
        {usage.pending > 0 && `${number(usage.pending)} not reported yet. `}
        Only the number is reported, never a workflow or a picture.
      </p>
    </div>
  )
}

interface ChoicesProps {
  plans: PlanRow[]
  current: string
  task: ReturnType<typeof useTask>
}

const Choices = ({ plans, current, task }: ChoicesProps) => (
  <div className="grid gap-3 p-3 min-[760px]:grid-cols-3" data-testid="plans">
    {plans.map(plan => (
      <section
        key={plan.id}
        aria-label={plan.name}
        className={cx(
          'flex flex-col gap-2 rounded-card border p-3',
          plan.id === current ? 'border-accent' : 'border-line',
        )}
      >
        <h3 className="font-medium">{plan.name}</h3>
        <p className="text-[17px] font-semibold tabular">
          {formatMoney(plan.priceCents, plan.currency)}
          {plan.interval && (
            <span className="text-xs font-normal text-faint"> a {plan.interval}</span>
          )}
        </p>
        <ul className="flex-1 text-soft">
          <li>{allowance(plan)}</li>
          <li>{storage(plan)} for saved workflows</li>
        </ul>
        {plan.id === current ? (
          <span className="text-xs text-faint">Your plan</span>
        ) : (
          plan.priceCents > 0 && (
            <Button
              look="accent"
              disabled={task.busy}
              onClick={() =>
                task.run(async () =>
                  openInBrowser((await host.account.checkout({ planId: plan.id })).url),
                )
              }
            >
              Choose {plan.name}
            </Button>
          )
        )}
      </section>
    ))}
  </div>
)

const storage = ({ storageBytes }: PlanRow): string =>
  storageBytes === null ? 'No limit' : formatBytes(storageBytes)

const allowance = ({ monthlyWorkflows, trialWorkflows }: PlanRow): string =>
  monthlyWorkflows !== null
    ? `${number(monthlyWorkflows)} workflows a month`
    : trialWorkflows !== null
      ? `${number(trialWorkflows)} workflows to try`
      : 'Workflows without limit'
