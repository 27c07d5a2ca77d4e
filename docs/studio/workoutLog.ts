import { defineField, defineType } from "sanity";

/** What a runner really did in a training session. The API writes these documents, too. */
export const workoutLog = defineType({
  name: "workoutLog",
  title: "Workout log",
  type: "document",
  // No drafts: a draft that was begun before an update through the API and published after it would
  // overwrite the update, and bring a deleted log back.
  liveEdit: true,
  fields: [
    defineField({
      name: "sessionId",
      title: "Training session",
      type: "reference",
      to: [{ type: "trainingSession" }],
      validation: (rule) => rule.required(),
    }),
    defineField({
      name: "runnerId",
      title: "Runner",
      type: "reference",
      to: [{ type: "user" }],
      validation: (rule) => rule.required(),
    }),
    defineField({
      name: "status",
      title: "Status",
      type: "string",
      options: { list: ["completed", "dnf", "undone"] },
      validation: (rule) => rule.required(),
    }),
    defineField({
      name: "externalLink",
      title: "Link",
      type: "url",
      description: "https, on a host that EXTERNAL_LINK_HOSTS of the API names",
      validation: (rule) => rule.uri({ scheme: ["https"] }),
    }),
    defineField({
      name: "actualDistance",
      title: "Distance (km)",
      type: "number",
      validation: (rule) => rule.positive().max(1000),
    }),
    defineField({
      name: "actualDuration",
      title: "Duration (H:MM:SS)",
      type: "string",
      validation: (rule) => rule.regex(/^\d{1,2}:[0-5]\d:[0-5]\d$/, { name: "H:MM:SS" }),
    }),
    defineField({
      name: "actualPace",
      title: "Pace (M:SS per km)",
      type: "string",
      validation: (rule) => rule.regex(/^(\d{1,3}:[0-5]\d)?$/, { name: "M:SS" }),
    }),
    defineField({
      name: "notes",
      title: "Notes",
      type: "text",
      validation: (rule) => rule.max(2000),
    }),
    defineField({
      name: "feeling",
      title: "Feeling",
      type: "string",
      options: { list: ["excellent", "good", "okay", "tired", "exhausted"] },
    }),
    defineField({
      name: "injuries",
      title: "Injuries",
      type: "array",
      of: [{ type: "string", validation: (rule) => rule.max(200) }],
      validation: (rule) => rule.max(20),
    }),
    defineField({
      name: "weather",
      title: "Weather",
      type: "string",
      validation: (rule) => rule.max(100),
    }),
    defineField({
      name: "temperature",
      title: "Temperature (°C)",
      type: "number",
      validation: (rule) => rule.min(-50).max(60),
    }),
  ],
  preview: {
    select: { runner: "runnerId.name", date: "sessionId.date", status: "status" },
    prepare: ({ runner, date, status }) => ({
      title: `${runner ?? "?"} · ${date ?? "?"}`,
      subtitle: status,
    }),
  },
});
