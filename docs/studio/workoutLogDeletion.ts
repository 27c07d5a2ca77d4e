import { defineField, defineType } from "sanity";

/**
 * The API's memory of a deleted log, for clients that keep a copy. Nobody edits it: leave it out of the
 * desk structure (`S.documentTypeListItems().filter((item) => item.getId() !== "workoutLogDeletion")`).
 */
export const workoutLogDeletion = defineType({
  name: "workoutLogDeletion",
  title: "Deletion of a workout log",
  type: "document",
  liveEdit: true,
  readOnly: true,
  hidden: true,
  fields: [
    // Plain text: a reference would keep the user from being deleted.
    defineField({ name: "logId", title: "The log's _id", type: "string" }),
    defineField({ name: "runnerId", title: "The runner's _id", type: "string" }),
  ],
});
