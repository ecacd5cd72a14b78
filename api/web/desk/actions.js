/** What an agent does to a conversation, with the questions that come before and the words after. */
import { html, nothing } from '../vendor/lit-html.js';
import { ask, confirm } from '../staff/dialog.js';
import { insertHit } from './composer.js';
import { helpSheet } from './keys.js';
import { allowed } from './state.js';
import { targetName } from './thread.js';

const OUTCOMES = ['solved', 'unsolved', 'followup', 'handed', 'nuisance'];

/** @param {any} page */
export function actionsOf(page) {
  const { desk, staff, view, tell, fail } = page;
  const say = (/** @type {any[]} */ ...given) => staff.say(.../** @type {[string]} */ (given));
  const mine = () => (desk.current && allowed(desk.current.row, desk.lists.me).move ? desk.current : null);
  let busy = false;

  /** @param {string} id @param {string} action @param {any} [body] @returns {Promise<boolean>} */
  async function act(id, action, body) {
    if (busy) return false;
    busy = true;
    try {
      await desk.act(id, action, body);
      return true;
    } catch (problem) {
      fail(problem);
      return false;
    } finally {
      busy = false;
    }
  }

  async function claim(/** @type {string} */ id) {
    if (busy) return;
    busy = true;
    try {
      await desk.act(id, 'claim');
      await desk.load(id);
      if (desk.selected !== id || view.place === 'list') page.show(id); // who reads it already stays where they look
      page.focusReply();
    } catch (problem) {
      if (/** @type {any} */ (problem).code !== 'already_owned') fail(problem);
      else {
        await desk.refresh();
        const who = [...desk.lists.rows].find((row) => row.conversation === id)?.agent?.name;
        const next = desk.lists.queue[0];
        tell(who ? say('lost_by', who) : say('lost'), next ? { action: { label: say('next_one'), run: () => page.show(next.conversation) } } : {});
      }
    } finally {
      busy = false;
    }
  }

  const actions = {
    claim,
    claimNext: () => (desk.lists.queue[0] ? claim(desk.lists.queue[0].conversation) : undefined),
    claimHere() {
      const open = desk.current;
      if (open && allowed(open.row, desk.lists.me).claim) return claim(open.row.conversation);
      return actions.claimNext();
    },

    async state(/** @type {string} */ state, /** @type {string | undefined} */ reason) {
      try {
        await desk.setState(state, reason);
      } catch (problem) {
        fail(problem);
      }
    },

    async hold() {
      const open = mine();
      if (!open) return;
      const on = !open.row.held;
      if (await act(open.row.conversation, 'hold', { on })) tell(say(on ? 'held_on' : 'held_off'));
    },

    async toBot() {
      const open = mine();
      if (!open || !(await confirm({ title: say('sure_bot'), text: html`<p>${say('sure_bot_text')}</p>`, yes: say('to_bot'), no: say('cancel') }))) return;
      if (await act(open.row.conversation, 'return')) tell(say('done_bot'));
    },

    async release() {
      const open = mine();
      if (!open) return;
      const reason = await ask((close) => html`<form @submit=${(/** @type {any} */ event) => { event.preventDefault(); close(new FormData(event.target).get('reason') ?? ''); }}>
        <header><h2>${say('release_title')}</h2></header>
        <div class="inside"><p>${say('release_text')}</p>
          <label class="field"><span class="label">${say('release_why')}</span><input class="input" name="reason" maxlength="200" autocomplete="off" autofocus></label></div>
        <footer><button class="btn" type="button" @click=${() => close()}>${say('cancel')}</button><button class="btn main">${say('release')}</button></footer></form>`, { label: say('release_title') });
      if (reason === undefined) return;
      if (await act(open.row.conversation, 'release', reason.trim() ? { reason: reason.trim() } : {})) tell(say('done_released'));
    },

    async transfer() {
      const open = mine();
      if (!open) return;
      const targets = targetsOf(desk, say, open.row);
      const given = await ask((close) => html`<form @submit=${(/** @type {any} */ event) => {
          event.preventDefault();
          const form = new FormData(event.target);
          close({ to: form.get('to'), note: String(form.get('note') ?? '').trim() });
        }}>
        <header><h2>${say('transfer_title')}</h2></header>
        <div class="inside"><fieldset><legend class="label">${say('transfer_who')}</legend>
          ${targets.length > 1 ? nothing : html`<p class="hint">${say('nobody_else')}</p>`}
          <div class="choices">${targets.map((target, place) => html`<label class="check"><input type="radio" name="to" value=${target.to} required ?checked=${place === 0} ?autofocus=${place === 0}>
            <span class="dot ${target.tone}"></span><span class="grow">${target.name}</span><span class="tiny quiet">${target.about}</span></label>`)}</div></fieldset>
          <label class="field"><span class="label">${say('transfer_note')}</span><textarea class="input" name="note" rows="3" maxlength="4000" placeholder=${say('transfer_note_hint')}></textarea></label></div>
        <footer><button class="btn" type="button" @click=${() => close()}>${say('cancel')}</button><button class="btn main">${say('transfer')}</button></footer></form>`, { label: say('transfer_title') });
      if (!given?.to) return;
      const id = open.row.conversation;
      if (given.note && !(await act(id, 'notes', { text: given.note }))) return;
      if (await act(id, 'transfer', { to: given.to })) tell(say('done_transfer', targetName(given.to, undefined, desk.lists.agents, say)));
    },

    async end() {
      const open = mine();
      if (!open) return;
      const given = await ask((close) => html`<form @submit=${(/** @type {any} */ event) => {
          event.preventDefault();
          const form = new FormData(event.target);
          close({ disposition: form.get('how'), wrapup: form.get('wrapup') === 'on' });
        }}>
        <header><h2>${say('end_title')}</h2></header>
        <div class="inside"><fieldset><legend class="label">${say('end_how')}</legend><div class="choices">
          ${OUTCOMES.map((name, place) => html`<label class="check"><input type="radio" name="how" value=${name} ?checked=${place === 0} ?autofocus=${place === 0}><span class="grow">${say(`d_${name}`)}</span></label>`)}</div></fieldset>
          <label class="check"><input type="checkbox" name="wrapup"><span>${say('wrapup_next')}</span></label></div>
        <footer><button class="btn" type="button" @click=${() => close()}>${say('cancel')}</button><button class="btn main">${say('end')}</button></footer></form>`, { label: say('end_title') });
      if (!given) return;
      if (!(await act(open.row.conversation, 'close', { disposition: given.disposition }))) return;
      tell(say('done_closed'));
      if (given.wrapup) await actions.state('wrapup', undefined);
    },

    panel(/** @type {boolean | undefined} */ on) {
      const narrow = matchMedia('(max-width: 1080px)').matches;
      if (narrow) view.place = (on ?? view.place !== 'panel') ? 'panel' : 'chat';
      else view.panel = on ?? !view.panel;
      page.render();
    },
    tab(/** @type {string} */ name) {
      view.tab = name;
      if (matchMedia('(max-width: 1080px)').matches) view.place = 'panel';
      else view.panel = true;
      page.render();
    },
    search() {
      if (desk.current?.status !== 'ready') return;
      actions.tab('faq');
      requestAnimationFrame(() => requestAnimationFrame(() => /** @type {HTMLInputElement | null} */ (document.getElementById('faq'))?.select()));
    },
    lookUp(/** @type {string} */ question) {
      desk.faq.type(question);
      actions.tab('faq');
    },
    insert(/** @type {number} */ place) {
      const hit = desk.faq.hits[place];
      if (hit) insertHit(page, hit);
    },
    note() {
      if (!desk.selected || !desk.current) return;
      desk.drafts.set(desk.selected, { note: true });
      view.place = 'chat';
      page.focusReply();
    },
    reply() {
      if (!desk.selected) return;
      desk.drafts.set(desk.selected, { note: false });
      view.place = 'chat';
      page.focusReply();
    },
    toggleState: () => actions.state(desk.lists.me?.state === 'available' ? 'away' : 'available', undefined),
    step(/** @type {number} */ by) {
      const ids = desk.order.map((/** @type {any} */ row) => row.conversation);
      if (!ids.length) return;
      const at = ids.indexOf(desk.selected);
      page.show(ids[at < 0 ? (by > 0 ? 0 : ids.length - 1) : (at + by + ids.length) % ids.length]);
    },
    help: () => helpSheet(staff),
  };
  return actions;
}

/** @param {any} desk @param {any} say @param {any} row */
function targetsOf(desk, say, row) {
  const others = desk.lists.agents
    .filter((/** @type {any} */ agent) => agent.id !== desk.lists.me?.id && agent.id !== row.agent?.id)
    .map((/** @type {any} */ agent) => ({
      to: agent.id,
      name: agent.name,
      here: agent.present !== false,
      free: agent.state === 'available' && agent.present !== false,
      about: `${agent.present === false ? say('not_here') : say(`state_${agent.state}`)} · ${say('agent_chats', agent.conversations)}`,
    }))
    .sort((/** @type {any} */ a, /** @type {any} */ b) => Number(b.free) - Number(a.free))
    .map((/** @type {any} */ target) => ({ ...target, tone: target.free ? 'good' : 'off' }));
  const desks = [...new Set([...desk.lists.agents.flatMap((/** @type {any} */ agent) => agent.desks ?? [])])]
    .filter((name) => name !== row.desk)
    .map((name) => ({ to: `desk:${name}`, name: say('to_desk', name), tone: 'off', about: '' }));
  return [...others, { to: 'supervisor', name: say('to_supervisor'), tone: 'off', about: '' }, ...desks];
}
