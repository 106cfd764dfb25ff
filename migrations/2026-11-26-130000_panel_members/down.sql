DROP TABLE panel_members;
