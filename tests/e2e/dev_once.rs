mod kill;
