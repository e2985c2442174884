// The event's page: scores go out by POST and come in by Action Cable, so two browsers see the same.
(function () {
  "use strict";
  const live = document.getElementById("live");
  const state = document.getElementById("state");
  const form = document.getElementById("score");

  function say(text, connected) {
    state.textContent = text;
    live.classList.toggle("connected", connected);
  }

  function show(score) {
    const row = document.querySelector('tr[data-heat="' + Number(score.heat) + '"]');
    const mark = document.createElement("span");
    mark.textContent = score.points;
    mark.title = score.judge;
    row.querySelector(".scores").append(mark);
    row.querySelector(".total").textContent = score.total;
    row.classList.remove("fresh");
    void row.offsetWidth; // without a layout in between the animation would not start again
    row.classList.add("fresh");
  }

  const consumer = ActionCable.createConsumer(live.dataset.cable);
  consumer.subscriptions.create({ channel: "ScoresChannel", tenant: live.dataset.tenant }, {
    connected: () => say("live: scores appear as they are given", true),
    disconnected: () => say("connecting…", false),
    rejected: () => say("this page is out of date: load it again", false),
    received: show,
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ heat: fields.heat, judge: fields.judge, points: Number(fields.points) }),
    });
    if (!answer.ok) say("the score was not taken: " + answer.status, true);
  });
})();
