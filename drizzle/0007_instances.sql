CREATE TABLE `instances` (
	`name` text PRIMARY KEY NOT NULL,
	`host` text,
	`runtime` text NOT NULL,
	`version` text NOT NULL,
	`process` integer,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `allowances` ADD `spoken_at` integer DEFAULT 0 NOT NULL;
